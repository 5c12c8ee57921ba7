import assert from 'node:assert/strict';
import { constants } from 'node:os';
import { test } from 'node:test';
import { FILE_ERRORS, FileError, toFileError } from './error.ts';

function systemError(code: string): Error {
  return Object.assign(new Error(`${code}: failed, open '/srv/secret'`), { code });
}

test('file error - every code has a status of SFTP v3, a negative FTP reply and an API error', () => {
  for (const [code, reply] of Object.entries(FILE_ERRORS)) {
    assert.ok(reply.sftpStatus >= 2 && reply.sftpStatus <= 8, code);
    assert.ok(reply.ftpReply >= 400 && reply.ftpReply <= 599, code);
    assert.match(reply.apiError, /^[A-Z]\w+(Exception|Error)$/, code);
    assert.notEqual(reply.message, '', code);
  }
});

test('file error - the errors of OpenSSH are mapped as OpenSSH maps them', () => {
  const status = (errno: string): number => FILE_ERRORS[toFileError(systemError(errno)).code].sftpStatus;
  for (const errno of ['ENOENT', 'ENOTDIR', 'ELOOP']) assert.equal(status(errno), 2, errno);
  for (const errno of ['EPERM', 'EACCES']) assert.equal(status(errno), 3, errno);
  for (const errno of ['ENAMETOOLONG', 'EINVAL']) assert.equal(status(errno), 5, errno);
  assert.equal(status('ENOSYS'), 8);
  for (const errno of ['EEXIST', 'ENOTEMPTY', 'ENOSPC', 'EIO']) assert.equal(status(errno), 4, errno);
});

test('file error - a full disk and a used-up quota are told apart from other failures', () => {
  for (const errno of ['ENOSPC', 'EDQUOT', 'EFBIG']) {
    assert.equal(toFileError(systemError(errno)).code, 'NO_SPACE');
  }
});

test('F-42 file error - no message shows a host path, the cause keeps it', () => {
  for (const errno of Object.keys(constants.errno)) {
    const error = toFileError(systemError(errno));
    assert.doesNotMatch(error.message, /secret/, errno);
    assert.match(String(error.cause), /secret/, errno);
  }
});

test('file error - whatever is not understood is a failure', () => {
  for (const thrown of [undefined, null, 'text', 0, {}, new Error('odd'), systemError('EWHAT')]) {
    const error = toFileError(thrown);
    assert.equal(error.code, 'IO_ERROR');
    assert.equal(error.cause, thrown);
  }
});

test('file error - a file error stays the same object', () => {
  const error = new FileError('NOT_EMPTY');
  assert.equal(toFileError(error), error);
});
