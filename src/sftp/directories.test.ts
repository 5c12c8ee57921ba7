import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FileError } from '../files/error.ts';
import { MessageType, StatusCode } from './protocol.ts';
import { type Conversation, settled } from './testing/conversation.ts';
import type { ClientReply } from './testing/sftp-client.ts';
import { start } from './testing/start.ts';

async function listing({ client }: Conversation, path: string): Promise<ClientReply[]> {
  const { handle } = await client.named(MessageType.OPENDIR, path);
  const batches: ClientReply[] = [];
  for (;;) {
    const reply = await client.named(MessageType.READDIR, handle);
    if (reply.status === StatusCode.EOF) break;
    assert.equal(reply.type, MessageType.NAME);
    batches.push(reply);
  }
  assert.equal((await client.close(handle)).status, StatusCode.OK);
  return batches;
}

test('list - begins with . and .., and has attributes and an ls -l line for each name', async () => {
  const conversation = await start();
  await conversation.store('/file one', 'abc');
  const names = (await listing(conversation, '/')).flatMap((batch) => batch.names);
  assert.deepEqual(
    names.map(({ name }) => name),
    ['.', '..', 'file one'],
  );
  assert.equal(names[0]?.attributes.permissions, 0o040755);
  assert.equal(names[2]?.attributes.sizeBytes, 3);
  assert.match(names[2]?.longName ?? '', /^-rw-r--r-- +1 0 +0 +3 \w{3} .* file one$/);
});

test('list - an empty directory is . and .., then EOF', async () => {
  const batches = await listing(await start(), '/');
  assert.deepEqual(
    batches.map(({ names }) => names.length),
    [2],
  );
});

test('list - many and long names come complete, in batches of at most 100 names and 32 KiB', async () => {
  const conversation = await start();
  const expected = Array.from({ length: 250 }, (_, i) => `${i}-${'é'.repeat(i < 100 ? 5 : 120)}`);
  await Promise.all(expected.map((name) => conversation.store(`/${name}`, '')));
  const batches = await listing(conversation, '/');
  assert.equal(batches[0]?.names.length, 100);
  for (const batch of batches) {
    assert.ok(batch.names.length > 0 && batch.names.length <= 100);
    assert.ok(batch.byteCount <= 32 * 1024 + 5);
  }
  const names = batches.flatMap((batch) => batch.names.map(({ name }) => name));
  assert.deepEqual(names.slice(2).sort(), expected.toSorted());
});

test('list - pipelined READDIRs are served one at a time', async () => {
  const conversation = await start();
  await conversation.store('/a', '');
  const { client, files } = conversation;
  const { handle } = await client.named(MessageType.OPENDIR, '/');
  const release = files.hold('next /');
  const first = client.named(MessageType.READDIR, handle);
  const second = client.named(MessageType.READDIR, handle);
  await settled();
  assert.equal(files.calls.filter((call) => call === 'next /').length, 1);
  release();
  assert.equal((await first).names.length, 3);
  assert.equal((await second).status, StatusCode.EOF);
});

test('list - a directory that may be listed but not looked at has no dot entries', async () => {
  const conversation = await start();
  await conversation.store('/a', '');
  conversation.files.fail('stat /', new FileError('PERMISSION_DENIED'));
  const [batch] = await listing(conversation, '/');
  assert.deepEqual(
    batch?.names.map(({ name }) => name),
    ['a'],
  );
});

test('list - a file, and what is not there, are refused', async () => {
  const conversation = await start();
  await conversation.store('/a', '');
  const { client } = conversation;
  assert.equal((await client.named(MessageType.OPENDIR, '/a')).status, StatusCode.NO_SUCH_FILE);
  assert.equal((await client.named(MessageType.OPENDIR, '/none')).status, StatusCode.NO_SUCH_FILE);
});
