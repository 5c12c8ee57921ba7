import assert from 'node:assert/strict';
import { Duplex } from 'node:stream';
import { test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { PlainCipher } from './cipher/plain.ts';
import { SshError } from './error.ts';
import { Message } from './message.ts';
import { Output } from './output.ts';
import { PacketReader, Scratch } from './packet-reader.ts';
import { PaddingSource } from './padding.ts';
import { connect, makeHostKeys } from './testing/pair.ts';

const LINE = 'SSH-2.0-Drawbridge_test\r\n';

/** Keeps what each system call of a socket would have sent. */
class Recorder extends Duplex {
  readonly calls: Buffer[] = [];

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.calls.push(chunk);
    done();
  }

  override _writev(pieces: { chunk: Buffer }[], done: () => void): void {
    this.calls.push(Buffer.concat(pieces.map(({ chunk }) => chunk)));
    done();
  }

  /** Numbers of the messages that were sent, in their order. */
  get numbers(): number[] {
    const reader = new PacketReader(new Scratch());
    reader.push(Buffer.concat(this.calls));
    const numbers: number[] = [];
    for (let payload = reader.next(); payload !== undefined; payload = reader.next())
      numbers.push(payload[0] ?? 0);
    return numbers;
  }
}

function openOutput() {
  const stream = new Recorder();
  const overflows: SshError[] = [];
  const seen = { writable: 0, overflows };
  const output = new Output(
    { stream, padding: new PaddingSource(), scratch: new Scratch() },
    { onWritable: () => seen.writable++, onOverflow: (error) => overflows.push(error) },
  );
  return { stream, output, seen };
}

/** The text, and the number of the message behind it. */
function assertGreets(sent: Buffer): void {
  assert.equal(sent.toString('latin1', 0, LINE.length), LINE);
  assert.equal(sent[LINE.length + 5], Message.KEXINIT);
}

test('ident - leaves in one write with the KEXINIT behind it', async () => {
  const stream = new Recorder();
  connect({ hostKeys: makeHostKeys().slice(0, 1), stream });
  await nextTurn();
  assert.equal(stream.calls.length, 1);
  assertGreets(Buffer.concat(stream.calls));
});

test('ident - who speaks something else is told in plain text, behind our own first words', async () => {
  for (const isAtOnce of [true, false]) {
    const stream = new Recorder();
    const { closed } = connect({ hostKeys: makeHostKeys().slice(0, 1), stream });
    if (!isAtOnce) await nextTurn();
    stream.emit('data', Buffer.from('GET / HTTP/1.1\r\n'));
    assert.equal((await closed).code, 'IDENT_INVALID');
    const sent = Buffer.concat(stream.calls);
    assertGreets(sent);
    assert.ok(sent.toString('latin1').endsWith('This is an SSH server.\r\n'));
  }
});

test('kex - what is sent meanwhile leaves behind NEWKEYS and EXT_INFO, in its order', async () => {
  const { stream, output, seen } = openOutput();
  output.beginKex(Buffer.from([Message.KEXINIT]));
  output.send(Buffer.from([Message.CHANNEL_SUCCESS]));
  output.send(Buffer.from([Message.CHANNEL_FAILURE]));
  assert.equal(output.isWritable, false);
  output.finishKex({
    sealer: new PlainCipher(),
    resetSequence: true,
    extInfo: Buffer.from([Message.EXT_INFO]),
  });
  assert.equal(seen.writable, 1);
  assert.equal(output.isWritable, true);
  await nextTurn();
  assert.deepEqual(stream.numbers, [
    Message.KEXINIT,
    Message.NEWKEYS,
    Message.EXT_INFO,
    Message.CHANNEL_SUCCESS,
    Message.CHANNEL_FAILURE,
  ]);
});

test('kex - a million bytes of small messages do not wait for its end', () => {
  const { output, seen } = openOutput();
  output.beginKex(Buffer.from([Message.KEXINIT]));
  for (let sent = 0; sent < 8000; sent++) output.send(Buffer.from([Message.REQUEST_FAILURE]));
  assert.equal(seen.overflows.length, 0);
  for (let sent = 0; sent < 200; sent++) output.send(Buffer.from([Message.REQUEST_FAILURE]));
  assert.equal(seen.overflows[0]?.code, 'KEX_FAILED');
});

test('burst - after many packets in a row others have their turn, and then it goes on', async () => {
  const { output, seen } = openOutput();
  output.raiseLimit();
  let packets = 0;
  for (; output.isWritable; packets++) output.sendParts([Buffer.from([Message.CHANNEL_DATA])]);
  assert.equal(packets, 512);
  assert.equal(seen.writable, 0);
  await nextTurn();
  assert.equal(seen.writable, 1);
  assert.equal(output.isWritable, true);
});

test('limit - what may be queued before the login is little', () => {
  const { output, seen } = openOutput();
  const payload = Buffer.alloc(40_000, Message.CHANNEL_DATA);
  output.send(payload);
  assert.equal(seen.overflows.length, 0);
  output.send(payload);
  assert.equal(seen.overflows.length, 1);
  assert.equal(seen.overflows[0]?.code, 'PEER_NOT_READING');
  output.raiseLimit();
  output.send(payload);
  assert.equal(seen.overflows.length, 1);
});

test('end - the reason is the last that leaves', async () => {
  const { stream, output, seen } = openOutput();
  output.send(Buffer.from([Message.CHANNEL_EOF]));
  output.beginKex(Buffer.from([Message.KEXINIT]));
  output.send(Buffer.from([Message.CHANNEL_CLOSE]));
  output.disconnect(new SshError('CLOSED_BY_SERVER', 'The server is stopping.'));
  output.send(Buffer.from([Message.CHANNEL_CLOSE]));
  output.sendKex(Buffer.from([Message.NEWKEYS]));
  await nextTurn();
  assert.equal(output.isWritable, false);
  assert.equal(stream.writableFinished, true);
  assert.deepEqual(stream.numbers, [Message.CHANNEL_EOF, Message.KEXINIT, Message.DISCONNECT]);
  assert.deepEqual(seen, { writable: 0, overflows: [] });
});

test('end - last words that nobody takes do not keep the stream open', (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const { stream, output } = openOutput();
  output.disconnect(new SshError('CLOSED_BY_SERVER', 'The server is stopping.'));
  t.mock.timers.tick(1_999);
  assert.equal(stream.destroyed, false);
  t.mock.timers.tick(1);
  assert.equal(stream.destroyed, true);
});
