/** Reads a point in time as people and stores write it. */

/** ISO 8601: a day, or a day and a time; without an offset it is UTC, which is what SQLite's `datetime()` writes. */
const ISO = /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?)(Z|[+-]\d{2}:?\d{2})?)?$/;
const SECONDS = /^\d{1,12}$/;
/** The end of the year 9999. Larger numbers are milliseconds, which are not taken: DynamoDB's convention is seconds. */
const MAX_SECONDS = 253_402_300_799;

/**
 * Milliseconds since 1970 of an ISO 8601 text, a `Date`, or a number of seconds; undefined where it is none of them.
 * A day alone is its first moment in UTC.
 */
export function parseInstant(value: unknown): number | undefined {
  if (value instanceof Date) return known(value.getTime());
  if (typeof value === 'number') return ofSeconds(value);
  if (typeof value !== 'string') return undefined;
  const text = value.trim();
  return SECONDS.test(text) ? ofSeconds(Number(text)) : ofText(text);
}

function ofSeconds(seconds: number): number | undefined {
  return seconds >= 0 && seconds <= MAX_SECONDS ? Math.round(seconds * 1000) : undefined;
}

function ofText(text: string): number | undefined {
  const [, day, time = '00:00', offset = 'Z'] = ISO.exec(text) ?? [];
  if (day === undefined || !isDay(day)) return undefined;
  const offsetWithColon = offset.replace(/^([+-]\d{2})(\d{2})$/, '$1:$2');
  return known(Date.parse(`${day}T${time}${offsetWithColon}`));
}

/** `Date` turns the 31st of February into a day of March. */
function isDay(day: string): boolean {
  const ms = Date.parse(`${day}T00:00:00Z`);
  return !Number.isNaN(ms) && new Date(ms).toISOString().startsWith(day);
}

function known(ms: number): number | undefined {
  return Number.isNaN(ms) ? undefined : ms;
}
