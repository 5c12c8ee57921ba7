import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { ByteReader } from '../../wire/byte-reader.ts';
import { ByteWriter } from '../../wire/byte-writer.ts';
import { AttributeFlag, MessageType, OpenFlag, StatusCode } from '../protocol.ts';
import { type Conversation, settled } from '../testing/conversation.ts';
import { packet } from '../testing/sftp-client.ts';
import { start } from '../testing/start.ts';

const BLOCK = Buffer.alloc(32_768, 'w');
const MTIME = 1_700_000_000;
const CREATE = OpenFlag.WRITE | OpenFlag.CREATE;

/** SETSTAT as WinSCP writes it: the time twice, since it knows no time of access. */
function setTimes(path: string): ByteWriter {
  return new ByteWriter().string(path).uint32(AttributeFlag.TIMES).uint32(MTIME).uint32(MTIME);
}

async function connect(): Promise<Conversation> {
  const product = { vendor: 'Maker', name: 'Product', version: '1.0' };
  const conversation = await start({ server: { product } }, false);
  await conversation.client.init(6);
  return conversation;
}

/** Requests that leave in one piece. */
function pipelined(
  conversation: Conversation,
  requests: readonly (readonly [number, number, ByteWriter])[],
): void {
  const packets = requests.map(([type, id, body]) =>
    packet(new ByteWriter().uint8(type).uint32(id).bytes(body.finish())),
  );
  conversation.deliver(Buffer.concat(packets));
}

test('WinSCP - introduces itself and goes on without waiting for an answer', async () => {
  const { client } = await connect();
  assert.equal(client.replies[0]?.id, 3);
  const vendor = new ByteWriter().string('Martin Prikryl').string('WinSCP').string('6.5.3').uint64(16_000);
  const [introduced, home] = await Promise.all([
    client.extended('vendor-id', vendor),
    client.named(MessageType.REALPATH, '.'),
  ]);
  assert.equal(introduced.status, StatusCode.OK);
  assert.equal(home.names[0]?.name, '/');
});

test('F-50 WinSCP - WRITEs, CLOSE and SETSTAT of the path in one pipeline: the time is set on what was stored', async () => {
  const conversation = await connect();
  const { client, files } = conversation;
  const handle = await conversation.handle('/report.txt', CREATE | OpenFlag.EXCLUSIVE);
  const release = files.hold(`write /report.txt 0+${2 * BLOCK.length}`);
  const at = (position: number) => new ByteWriter().string(handle).uint64(position).string(BLOCK);
  pipelined(conversation, [
    [MessageType.WRITE, 1, at(0)],
    [MessageType.WRITE, 2, at(BLOCK.length)],
    [MessageType.CLOSE, 3, new ByteWriter().string(handle)],
    [MessageType.SETSTAT, 4, setTimes('/report.txt')],
  ]);
  await settled();
  assert.ok(!files.calls.includes('setAttributes /report.txt'));
  release();
  await settled();
  const answers = client.replies.slice(-4).map(({ id, status }) => [id, status]);
  assert.deepEqual(answers, [
    [1, 0],
    [2, 0],
    [3, 0],
    [4, 0],
  ]);
  const calls = files.calls.slice(-3);
  assert.deepEqual(calls, [
    `write /report.txt 0+${2 * BLOCK.length}`,
    'close /report.txt',
    'setAttributes /report.txt',
  ]);
  const { attributes } = await client.named(MessageType.STAT, '/report.txt');
  assert.deepEqual([attributes.sizeBytes, attributes.times], [2 * BLOCK.length, [MTIME, MTIME]]);
});

test('F-50 WinSCP - a SETSTAT behind a CLOSE that fails is answered too, in its turn', async () => {
  const conversation = await connect();
  const handle = await conversation.handle('/a', CREATE | OpenFlag.TRUNCATE);
  conversation.files.fail('write /a 0+32768', new Error('disk'));
  pipelined(conversation, [
    [MessageType.WRITE, 1, new ByteWriter().string(handle).uint64(0).string(BLOCK)],
    [MessageType.CLOSE, 2, new ByteWriter().string(handle)],
    [MessageType.SETSTAT, 3, setTimes('/a')],
  ]);
  await settled();
  const answers = conversation.client.replies.slice(-3).map(({ id, status }) => [id, status]);
  assert.deepEqual(answers, [
    [1, StatusCode.FAILURE],
    [2, StatusCode.FAILURE],
    [3, StatusCode.OK],
  ]);
});

test('WinSCP - a large file goes to .filepart, takes the place of the old one, and then gets its properties', async () => {
  const conversation = await connect();
  await conversation.store('/data.bin', 'old');
  const { client } = conversation;
  assert.equal((await client.named(MessageType.LSTAT, '/data.bin')).attributes.sizeBytes, 3);
  assert.equal((await client.named(MessageType.LSTAT, '/data.bin.filepart')).status, StatusCode.NO_SUCH_FILE);
  const handle = await conversation.handle('/data.bin.filepart', CREATE | OpenFlag.TRUNCATE);
  const writes = [0, 1, 2, 3].map((index) => client.write(handle, index * BLOCK.length, BLOCK));
  const closed = client.close(handle);
  assert.deepEqual(
    (await Promise.all([...writes, closed])).map(({ status }) => status),
    [0, 0, 0, 0, 0],
  );
  assert.equal((await client.named(MessageType.REMOVE, '/data.bin')).status, StatusCode.OK);
  assert.equal(
    (await client.paired(MessageType.RENAME, '/data.bin.filepart', '/data.bin')).status,
    StatusCode.OK,
  );
  const properties = new ByteWriter()
    .string('/data.bin')
    .uint32(AttributeFlag.PERMISSIONS | AttributeFlag.TIMES)
    .uint32(0o644)
    .uint32(MTIME)
    .uint32(MTIME);
  assert.equal((await client.request(MessageType.SETSTAT, properties)).status, StatusCode.OK);
  const { attributes } = await client.named(MessageType.STAT, '/data.bin');
  assert.deepEqual([attributes.sizeBytes, attributes.times?.[1]], [4 * BLOCK.length, MTIME]);
});

test('WinSCP - a broken upload is resumed at the size of its .filepart', async () => {
  const conversation = await connect();
  await conversation.store('/a.filepart', BLOCK);
  const { client } = conversation;
  const { attributes } = await client.named(MessageType.LSTAT, '/a.filepart');
  const handle = await conversation.handle('/a.filepart', CREATE);
  await client.write(handle, attributes.sizeBytes ?? 0, 'rest');
  await client.close(handle);
  const result = await conversation.load('/a.filepart');
  assert.equal(result, `${BLOCK}rest`);
});

test('WinSCP - two READDIRs are always out: each gets another part, and both end', async () => {
  const conversation = await connect();
  const { client } = conversation;
  for (let index = 0; index < 150; index++) await client.changing(MessageType.MKDIR, `/d${index}`);
  const { handle } = await client.named(MessageType.OPENDIR, '/');
  const replies = await Promise.all([1, 2, 3, 4].map(() => client.named(MessageType.READDIR, handle)));
  const names = replies.flatMap((reply) => reply.names.map(({ name }) => name));
  assert.equal(new Set(names).size, 152);
  assert.equal(names.length, 152);
  assert.deepEqual(
    replies.slice(2).map(({ status }) => status),
    [StatusCode.EOF, StatusCode.EOF],
  );
});

test('WinSCP - five check-file-name requests are out at a time; behind the algorithm is nothing but the hash', async () => {
  const conversation = await connect();
  const { client } = conversation;
  for (const name of ['1', '2', '3', '4', '5']) await conversation.store(`/${name}`, name);
  const asked = ['1', '2', '3', '4', '5'].map((name) => {
    const body = new ByteWriter().string(`/${name}`).string('sha1').uint64(0).uint64(0).uint32(0);
    return client.extended('check-file-name', body);
  });
  for (const [index, { body }] of (await Promise.all(asked)).entries()) {
    const fields = new ByteReader(body);
    fields.ascii();
    const expected = createHash('sha1')
      .update(String(index + 1))
      .digest('hex');
    assert.equal(fields.rest().toString('hex'), expected);
  }
});

test('WinSCP - modes are the true ones: no file is 0777 unless somebody made it so', async () => {
  const conversation = await connect();
  const { client } = conversation;
  const made = await client.open('/new', CREATE | OpenFlag.TRUNCATE, {});
  await client.close(made.handle);
  const fresh = await client.named(MessageType.STAT, '/new');
  assert.notEqual((fresh.attributes.permissions ?? 0) & 0o777, 0o777);
  await client.changing(MessageType.SETSTAT, '/new', { permissions: 0o777 });
  const changed = await client.named(MessageType.STAT, '/new');
  assert.equal(changed.attributes.permissions, 0o100777);
});
