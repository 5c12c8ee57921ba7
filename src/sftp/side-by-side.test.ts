import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FileError } from '../files/error.ts';
import { MemoryStorage } from '../files/storage/memory.ts';
import { testSession } from '../files/testing/fixture.ts';
import { OpenFlag } from './protocol.ts';
import { Conversation, settled, WRITE_NEW } from './testing/conversation.ts';
import { start } from './testing/start.ts';

const SESSION = testSession();

/** Two channels of one user over the same files. */
async function twoChannels(limits = {}): Promise<readonly [Conversation, Conversation]> {
  const inner = new MemoryStorage().attach(SESSION);
  const channels = [new Conversation({ inner, limits }), new Conversation({ inner, limits })] as const;
  for (const { client } of channels) await client.init();
  return channels;
}

test('C-2 channels - a handle of one is nothing to the other', async () => {
  const [first, second] = await twoChannels();
  const handle = await first.handle('/a', WRITE_NEW | OpenFlag.READ);
  await first.client.write(handle, 0, 'secret');
  assert.notEqual((await second.client.read(handle, 0, 10)).status, 0);
  assert.notEqual((await second.client.close(handle)).status, 0);
  assert.equal((await first.client.read(handle, 0, 10)).data.toString(), 'secret');
});

test('C-2 channels - open handles and outstanding requests are counted for each', async () => {
  const [first, second] = await twoChannels({ maxOpenHandles: 1, maxOutstandingRequests: 1 });
  const release = first.files.hold('open /a');
  void first.client.open('/a', WRITE_NEW);
  void first.client.open('/b', WRITE_NEW);
  await settled();
  assert.deepEqual(first.files.calls, ['open /a']);
  await second.store('/c', 'c');
  release();
  await settled();
  await second.store('/d', 'd');
});

test('C-2 channels - the end of one leaves the files of the other open', async () => {
  const [first, second] = await twoChannels();
  const handle = await second.handle('/a', WRITE_NEW);
  first.server.onClose();
  await settled();
  assert.equal((await second.client.write(handle, 0, 'still here')).status, 0);
  assert.equal((await second.client.close(handle)).status, 0);
});

test('A-27 offsets - beyond 4 GiB reach the storage exactly', async () => {
  const { client, files, ...conversation } = await start();
  const { handle } = await client.open('/a', WRITE_NEW | OpenFlag.READ);
  const positions = [2 ** 31, 2 ** 32, 2 ** 32 + 5, 5 * 2 ** 40, Number.MAX_SAFE_INTEGER - 100];
  for (const position of positions) {
    files.fail(`write /a ${position}+3`, new FileError('IO_ERROR'));
    await client.read(handle, position, 10);
  }
  assert.deepEqual(
    files.calls.filter((call) => call.startsWith('read')),
    positions.map((position) => `read /a ${position}+10`),
  );
  for (const position of positions) {
    const fresh = await client.open('/a', WRITE_NEW);
    assert.notEqual((await client.write(fresh.handle, position, 'abc')).status, 0);
    assert.ok(files.calls.includes(`write /a ${position}+3`));
    await client.close(fresh.handle);
  }
  assert.equal(conversation.channel.exitStatus, undefined);
});
