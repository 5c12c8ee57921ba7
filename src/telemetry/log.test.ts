import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ActivityLog } from './activity.ts';
import { createLog, errorFields } from './log.ts';

function captured(level: 'debug' | 'info' = 'info') {
  const lines: string[] = [];
  const log = createLog({ level, stream: { write: (text: string) => void lines.push(text) } });
  return { log, entries: () => lines.map((line) => JSON.parse(line)), lines };
}

test('log - one JSON object a line, with level, time and message', () => {
  const { log, entries } = captured();
  log.child({ 'server-id': 's-1' }).warn({ code: 'X' }, 'something happened');
  const [entry] = entries();
  assert.equal(entry.level, 'warn');
  assert.equal(entry['server-id'], 's-1');
  assert.equal(entry.code, 'X');
  assert.equal(entry.msg, 'something happened');
  assert.ok(!Number.isNaN(Date.parse(entry.time)));
});

test('log - fields named like secrets are never written, also below the first level', () => {
  const { log, lines } = captured();
  log.info({ password: 'canary', event: { password: 'canary' }, a: { b: { secret: 'canary' } } }, 'm');
  assert.equal(lines.length, 1);
  assert.ok(!lines[0]?.includes('canary'));
});

test('log - secrets in lists, deep down and in the fields of a child are hidden, and the given fields stay as they are', () => {
  const { log, lines } = captured();
  const fields = { list: [{ privateKey: 'canary' }], a: { b: { c: { d: { secretAccessKey: 'canary' } } } } };
  log.child({ session: { password: 'canary' } }).info({ ...fields, at: new Date(0) }, 'm');
  assert.ok(!lines[0]?.includes('canary'));
  assert.deepEqual(JSON.parse(lines[0] ?? '').list, [{ privateKey: '[secret]' }]);
  assert.equal(JSON.parse(lines[0] ?? '').at, '1970-01-01T00:00:00.000Z');
  assert.equal(fields.list[0]?.privateKey, 'canary');
});

test('log - an error is written with its code and the causes behind it', () => {
  const cause = Object.assign(new Error('no such file'), { code: 'ENOENT' });
  assert.deepEqual(errorFields(new Error('cannot open', { cause })), {
    error: 'cannot open',
    cause: { code: 'ENOENT', error: 'no such file' },
  });
  assert.deepEqual(errorFields('text'), { error: 'text' });
});

test('activity - failures are warnings, the rest is information, and the session goes with each', () => {
  const { log, entries } = captured();
  const activities = new ActivityLog(log).for({ user: 'alice', 'session-id': '0123456789abcdef' });
  activities.record('OPEN', { path: '/a', mode: 'READ' });
  activities.record('AUTH_FAILURE', { code: 'NOT_AUTHENTICATED' });
  assert.deepEqual(
    entries().map((entry) => [entry.level, entry['activity-type'], entry.user, entry['session-id']]),
    [
      ['info', 'OPEN', 'alice', '0123456789abcdef'],
      ['warn', 'AUTH_FAILURE', 'alice', '0123456789abcdef'],
    ],
  );
});
