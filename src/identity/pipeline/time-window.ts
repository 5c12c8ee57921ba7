/** Times of the week at which logins may begin, in a time zone of their own. */

export const DAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;
type Day = (typeof DAYS)[number];

export interface TimeWindow {
  readonly days: readonly Day[];
  /** `HH:MM`, up to `24:00`. */
  readonly from: string;
  readonly to: string;
  /** Of the IANA database. */
  readonly zone: string;
}

/** Whether the text is `HH:MM`, from `00:00` to `24:00`. */
export function isTimeOfDay(text: string): boolean {
  return /^(?:[01]\d|2[0-3]):[0-5]\d$|^24:00$/.test(text);
}

export function isTimeZone(text: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: text }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}

/** Whether the moment, in milliseconds since 1970, lies in the window as clocks in its zone show it. */
export function isInWindow(window: TimeWindow, nowMs: number): boolean {
  const { day, minute } = localTime(nowMs, window.zone);
  const from = minuteOf(window.from);
  const to = minuteOf(window.to);
  const isDay = (each: Day) => window.days.includes(each);
  if (from < to) return isDay(day) && minute >= from && minute < to;
  return (isDay(day) && minute >= from) || (isDay(dayBefore(day)) && minute < to);
}

function localTime(nowMs: number, timeZone: string): { day: Day; minute: number } {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone,
    weekday: 'short',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  });
  const parts = new Map(format.formatToParts(nowMs).map(({ type, value }) => [type, value]));
  const name = parts.get('weekday')?.toLowerCase();
  const day = DAYS.find((each) => each === name) ?? 'mon';
  return { day, minute: Number(parts.get('hour')) * 60 + Number(parts.get('minute')) };
}

function minuteOf(text: string): number {
  const [hours = '', minutes = ''] = text.split(':');
  return Number(hours) * 60 + Number(minutes);
}

function dayBefore(day: Day): Day {
  return DAYS.at(DAYS.indexOf(day) - 1) ?? day;
}
