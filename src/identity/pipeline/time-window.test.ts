import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DAYS, isInWindow, isTimeOfDay, isTimeZone } from './time-window.ts';

const window = { days: ['mon', 'fri'], from: '08:00', to: '18:00', zone: 'Europe/Paris' } as const;
/** 2027-01-04 is a Monday; Paris is an hour ahead of UTC in winter, two in summer. */
const monday = (time: string) => Date.parse(`2027-01-04T${time}Z`);

test('time window - the clock of its zone counts, its end does not', () => {
  assert.ok(!isInWindow(window, monday('06:59:59')));
  assert.ok(isInWindow(window, monday('07:00:00')));
  assert.ok(isInWindow(window, monday('16:59:59')));
  assert.ok(!isInWindow(window, monday('17:00:00')));
  assert.ok(isInWindow(window, Date.parse('2027-07-05T06:00:00Z')), 'in summer');
  assert.ok(!isInWindow(window, Date.parse('2027-01-05T12:00:00Z')), 'on a Tuesday');
});

test('time window - one over midnight belongs to the day it begins on', () => {
  const night = { days: ['mon'], from: '22:00', to: '06:00', zone: 'UTC' } as const;
  assert.ok(isInWindow(night, monday('22:00:00')));
  assert.ok(isInWindow(night, Date.parse('2027-01-05T05:59:00Z')));
  assert.ok(!isInWindow(night, Date.parse('2027-01-05T06:00:00Z')));
  assert.ok(!isInWindow(night, monday('05:00:00')));
  assert.ok(!isInWindow(night, Date.parse('2027-01-05T22:00:00Z')));
});

test('time window - a whole day is from 00:00 to 24:00', () => {
  const all = { days: DAYS, from: '00:00', to: '24:00', zone: 'Asia/Kathmandu' };
  for (let hour = 0; hour < 24 * 8; hour += 1)
    assert.ok(isInWindow(all, monday('00:30:00') + hour * 3_600_000));
});

test('time window - times and zones are checked', () => {
  for (const time of ['00:00', '23:59', '24:00']) assert.ok(isTimeOfDay(time), time);
  for (const time of ['8:00', '24:01', '12:60', '12', '']) assert.ok(!isTimeOfDay(time), time);
  assert.ok(isTimeZone('America/New_York'));
  assert.ok(!isTimeZone('Europe/Nowhere'));
});
