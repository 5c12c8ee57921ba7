import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ByteChannel, ByteChannelHandler } from '../wire/byte-channel.ts';
import { ByteWriter } from '../wire/byte-writer.ts';
import { Message } from './message.ts';
import { channelRequest } from './testing/client.ts';
import { logIn, makeHostKeys } from './testing/pair.ts';

const hostKeys = makeHostKeys().slice(0, 1);
const IDLE: ByteChannelHandler = { onData() {}, onEnd() {}, onDrain() {}, onClose() {} };

/** A server that runs every command by telling what it was, once on each stream. */
async function logInToCommands() {
  const commands: string[] = [];
  const channels: ByteChannel[] = [];
  const pair = await logIn({
    hostKeys,
    startSession: (_identity, request, channel) => {
      if (request.type !== 'exec') return undefined;
      commands.push(request.command);
      channels.push(channel);
      return IDLE;
    },
  });
  return { ...pair, commands, channels };
}

function exec(channel: number, command: string | Buffer): Buffer {
  return channelRequest(channel, 'exec', true).string(command).finish();
}

function adjust(channel: number, byteCount: number): Buffer {
  return new ByteWriter().uint8(Message.CHANNEL_WINDOW_ADJUST).uint32(channel).uint32(byteCount).finish();
}

test('stderr - is sent as extended data of type 1, before the exit status', async () => {
  const { client, channels, commands } = await logInToCommands();
  const channel = await client.openSession();
  client.send(exec(channel, 'md5sum é'));
  await client.expect(Message.CHANNEL_SUCCESS);
  assert.deepEqual(commands, ['md5sum é']);
  channels[0]?.sendError('not found\n');
  channels[0]?.finish(127);
  const { message } = await client.expect(Message.CHANNEL_EXTENDED_DATA);
  message.uint32();
  assert.equal(message.uint32(), 1);
  assert.equal(message.text(), 'not found\n');
  const exit = await client.expect(Message.CHANNEL_REQUEST);
  exit.message.uint32();
  assert.equal(exit.message.ascii(), 'exit-status');
  exit.message.boolean();
  assert.equal(exit.message.uint32(), 127);
});

test("stderr - keeps to the client's window and its largest packet, and holds back the exit until all is out", async () => {
  const { client, channels } = await logInToCommands();
  const channel = await client.openSession(10, 9);
  client.send(exec(channel, 'x'));
  await client.expect(Message.CHANNEL_SUCCESS);
  const [served] = channels;
  served?.send([Buffer.from('out')]);
  served?.sendError('0123456789');
  served?.sendError('ab');
  served?.finish(1);
  assert.equal(served?.pendingBytes, 5);
  const output = await client.expect(Message.CHANNEL_DATA);
  output.message.uint32();
  assert.equal(output.message.text(), 'out');
  const texts: string[] = [];
  const take = async (): Promise<void> => {
    const { message } = await client.expect(Message.CHANNEL_EXTENDED_DATA);
    message.uint32();
    message.uint32();
    texts.push(message.text());
  };
  await take();
  client.send(adjust(channel, 4));
  await take();
  await take();
  client.send(adjust(channel, 1));
  await take();
  assert.deepEqual(texts, ['0123456', '789', 'a', 'b']);
  await client.expect(Message.CHANNEL_REQUEST);
});

test('exec - a command that is not UTF-8 is refused, and the connection goes on', async () => {
  const { client, commands } = await logInToCommands();
  const channel = await client.openSession();
  client.send(exec(channel, Buffer.from('6d643573756d20e9', 'hex')));
  await client.expect(Message.CHANNEL_FAILURE);
  client.send(exec(channel, 'pwd'));
  await client.expect(Message.CHANNEL_SUCCESS);
  assert.deepEqual(commands, ['pwd']);
});
