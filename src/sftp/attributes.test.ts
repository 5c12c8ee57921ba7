import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FileAttributes } from '../files/file-system.ts';
import { ByteReader } from '../wire/byte-reader.ts';
import { ByteWriter } from '../wire/byte-writer.ts';
import { ATTRIBUTES_BYTES, longName, writeAttributes } from './attributes.ts';

const NOW_MS = Date.UTC(2026, 10, 20, 18, 0);
const FILE: FileAttributes = {
  type: 'file',
  sizeBytes: 1234,
  mode: 0o644,
  uid: 1000,
  gid: 100,
  accessedMs: 0,
  modifiedMs: Date.UTC(2026, 10, 3, 7, 5),
  linkCount: 1,
};

test('longname - a recent file shows the time of day', () => {
  assert.equal(longName('a b', FILE, NOW_MS), '-rw-r--r--   1 1000     100          1234 Nov  3 07:05 a b');
});

test('longname - old files and files of the future show the year', () => {
  const old = { ...FILE, modifiedMs: Date.UTC(2024, 0, 31) };
  const future = { ...FILE, modifiedMs: Date.UTC(2027, 0, 31) };
  assert.match(longName('a', old, NOW_MS), / Jan 31 {2}2024 a$/);
  assert.match(longName('a', future, NOW_MS), / Jan 31 {2}2027 a$/);
});

test('longname - shows the type and the special bits', () => {
  const line = (type: FileAttributes['type'], mode: number): string =>
    longName('a', { ...FILE, type, mode }, NOW_MS).slice(0, 10);
  assert.equal(line('directory', 0o1777), 'drwxrwxrwt');
  assert.equal(line('symlink', 0o777), 'lrwxrwxrwx');
  assert.equal(line('file', 0o6755), '-rwsr-sr-x');
  assert.equal(line('file', 0o7000), '---S--S--T');
  assert.equal(line('other', 0o600), '?rw-------');
});

test('attributes - permissions carry the type, and have no type for what is neither file nor directory', () => {
  const permissions = (type: FileAttributes['type']): number => {
    const writer = new ByteWriter();
    writeAttributes(writer, { ...FILE, type });
    return new ByteReader(writer.finish(), 20).uint32();
  };
  assert.equal(permissions('file'), 0o100644);
  assert.equal(permissions('directory'), 0o040644);
  assert.equal(permissions('symlink'), 0o120644);
  assert.equal(permissions('other'), 0o644);
});

test('attributes - times outside of 1970 to 2106 are the nearest that can be said', () => {
  const writer = new ByteWriter();
  writeAttributes(writer, { ...FILE, accessedMs: -5000, modifiedMs: 1e15 });
  assert.equal(writer.length, ATTRIBUTES_BYTES);
  const fields = new ByteReader(writer.finish(), 24);
  assert.equal(fields.uint32(), 0);
  assert.equal(fields.uint32(), 0xffff_ffff);
});
