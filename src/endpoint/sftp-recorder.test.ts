import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AccessDenied } from '../files/access.ts';
import { FileError } from '../files/error.ts';
import { virtualPath } from '../files/virtual-path.ts';
import type { StatementName } from '../policy/index.ts';
import { ActivityLog } from '../telemetry/activity.ts';
import { createLog } from '../telemetry/log.ts';
import { SftpRecorder } from './sftp-recorder.ts';

function recording() {
  const lines: string[] = [];
  const log = createLog({ level: 'info', stream: { write: (text: string) => void lines.push(text) } });
  return { lines, recorder: new SftpRecorder(new ActivityLog(log), log) };
}

function recorded(error: FileError) {
  const { lines, recorder } = recording();
  recorder.refused({ operation: 'REMOVE', path: virtualPath('/a'), error });
  assert.equal(lines.length, 1);
  const { time: _time, msg: _msg, ...fields } = JSON.parse(lines[0] ?? '');
  return fields;
}

function denied(statement?: StatementName): FileError {
  const request = { action: 's3:DeleteObject', resource: 'arn:aws:s3:::bucket/a' };
  const verdict = { policy: 'session', ...(statement === undefined ? {} : { statement }) };
  const outcome = statement === undefined ? 'implicit-deny' : 'explicit-deny';
  return new FileError('PERMISSION_DENIED', undefined, {
    cause: new AccessDenied(request, { ...verdict, outcome }),
  });
}

const COMMON = {
  level: 'warn',
  'activity-type': 'ERROR',
  operation: 'REMOVE',
  code: 'PERMISSION_DENIED',
  message: 'permission denied',
  path: '/a',
};

test('recorder - a denial names the action, the resource, the policy and the statement', () => {
  assert.deepEqual(recorded(denied({ policy: 'session', index: 1, sid: 'NoDelete' })), {
    ...COMMON,
    action: 's3:DeleteObject',
    resource: 'arn:aws:s3:::bucket/a',
    policy: 'session',
    outcome: 'explicit-deny',
    statement: 'Statement[1] "NoDelete"',
  });
});

test('recorder - the writes behind one that failed add no lines, and the next failure has one', () => {
  const { lines, recorder } = recording();
  const error = new FileError('IO_ERROR');
  const path = virtualPath('/a');
  for (let count = 0; count < 65; count++) recorder.refused({ operation: 'WRITE', path, error });
  assert.equal(lines.length, 1);
  recorder.refused({ operation: 'WRITE', path, error: new FileError('IO_ERROR') });
  assert.equal(lines.length, 2);
});

test('recorder - a denial by no statement names the policy that does not allow', () => {
  const fields = recorded(denied());
  assert.equal(fields.policy, 'session');
  assert.equal(fields.outcome, 'implicit-deny');
  assert.ok(!('statement' in fields));
});

test('recorder - what a policy hides is written, though the client is told that nothing is there', () => {
  const { cause } = denied();
  const fields = recorded(new FileError('NOT_FOUND', undefined, { cause }));
  assert.deepEqual([fields.code, fields.policy, fields.action], ['NOT_FOUND', 'session', 's3:DeleteObject']);
});

test('recorder - any other cause is written as it was', () => {
  const cause = Object.assign(new Error('operation not permitted'), { code: 'EPERM' });
  assert.deepEqual(recorded(new FileError('PERMISSION_DENIED', undefined, { cause })), {
    ...COMMON,
    cause: { code: 'EPERM', error: 'operation not permitted' },
  });
});
