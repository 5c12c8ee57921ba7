import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FileError } from '../files/error.ts';
import { ByteWriter } from '../wire/byte-writer.ts';
import { MessageType, OpenFlag, StatusCode } from './protocol.ts';
import { WRITE_NEW } from './testing/conversation.ts';
import { start } from './testing/start.ts';

const METADATA = { permissions: 0o600, times: [1000, 2000] } as const;

test('SetStatOption - a storage that cannot is answered as AWS does, by path and by handle', async () => {
  const conversation = await start();
  await conversation.store('/a', 'a');
  const handle = await conversation.handle('/a', OpenFlag.WRITE);
  const { client, files } = conversation;
  files.fail('setAttributes /a', new FileError('NOT_SUPPORTED'));
  files.fail('handleSetAttributes /a', new FileError('NOT_SUPPORTED'));
  const byPath = await client.changing(MessageType.SETSTAT, '/a', METADATA);
  assert.deepEqual([byPath.status, byPath.message], [StatusCode.OP_UNSUPPORTED, 'SETSTAT unsupported']);
  const byHandle = await client.changing(MessageType.FSETSTAT, handle, METADATA);
  assert.deepEqual([byHandle.status, byHandle.message], [StatusCode.OP_UNSUPPORTED, 'FSETSTAT unsupported']);
});

test('SetStatOption - ENABLE_NO_OP answers with success, touches nothing and tells the observer', async () => {
  const conversation = await start({ server: { ignoresSetStat: true } });
  await conversation.store('/a', 'a');
  const handle = await conversation.handle('/a', OpenFlag.WRITE);
  const { client, files, observer } = conversation;
  assert.equal((await client.changing(MessageType.SETSTAT, '/a', METADATA)).status, StatusCode.OK);
  assert.equal((await client.changing(MessageType.FSETSTAT, handle, METADATA)).status, StatusCode.OK);
  const link = new ByteWriter().string('/a').uint32(4).uint32(0o600);
  assert.equal((await client.extended('lsetstat@openssh.com', link)).status, StatusCode.OK);
  assert.ok(!files.calls.some((call) => /attributes/i.test(call)));
  assert.deepEqual(
    observer.changes.map((change) => 'isIgnored' in change),
    [true, true, true],
  );
});

test('SetStatOption - ENABLE_NO_OP still cuts a file, and a failure of that is told', async () => {
  const conversation = await start({ server: { ignoresSetStat: true } });
  await conversation.store('/a', 'abcdef');
  const { client } = conversation;
  const cut = { ...METADATA, sizeBytes: 3 };
  assert.equal((await client.changing(MessageType.SETSTAT, '/a', cut)).status, StatusCode.OK);
  const { attributes } = await client.named(MessageType.STAT, '/a');
  assert.deepEqual([attributes.sizeBytes, attributes.permissions], [3, 0o100644]);
  assert.equal((await client.changing(MessageType.SETSTAT, '/none', cut)).status, StatusCode.NO_SUCH_FILE);
});

test('SetStatOption - attributes that cannot be read are refused all the same', async () => {
  const conversation = await start({ server: { ignoresSetStat: true } });
  const handle = await conversation.handle('/a', WRITE_NEW);
  const { client } = conversation;
  const body = new ByteWriter().string(handle).uint32(1);
  assert.equal((await client.request(MessageType.FSETSTAT, body)).status, StatusCode.BAD_MESSAGE);
});
