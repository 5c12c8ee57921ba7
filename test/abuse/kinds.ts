/** The ways in which a client can misbehave, each as one connection's life. */

import type { Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { MessageType, OpenFlag } from '../../src/sftp/protocol.ts';
import { Message } from '../../src/ssh/message.ts';
import { channelRequest, type TestClient } from '../../src/ssh/testing/client.ts';
import { ByteWriter } from '../../src/wire/byte-writer.ts';

/** A connection to the server under test, before anything was sent. */
export interface Opened {
  readonly socket: Socket;
  readonly client: TestClient;
  /** Handshake and login by password. */
  logIn(): Promise<void>;
}

export interface Abuse {
  readonly name: string;
  readonly connections: number;
  /** One connection; another one takes its place when it ends. */
  run(opened: Opened): Promise<void>;
}

/** A connection floods with 5000 messages a second: many more than are let through, at little cost to the abuser itself. */
const BURST = 50;
const BURST_PAUSE_MS = 10;
/** What the abuser itself lets wait in its socket. */
const MAX_WAITING_BYTES = 1024 * 1024;
const LARGE_FILE = '/large';
const READ_BYTES = 255 * 1024;
/** Asks for 125 MB on each connection. */
const UNREAD_READS = 500;

/** Sends `payload` again and again for as long as the connection lives. */
async function flood({ client, socket }: Opened, payload: Buffer): Promise<void> {
  while (!socket.destroyed) {
    for (let sent = 0; sent < BURST; sent++) client.send(payload);
    do await delay(BURST_PAUSE_MS);
    while (socket.writableLength > MAX_WAITING_BYTES && !socket.destroyed);
  }
}

async function openSftp(opened: Opened, window = 2 ** 31): Promise<number> {
  await opened.logIn();
  const channel = await opened.client.openSubsystem('sftp', window);
  opened.client.sendData(channel, packet(MessageType.INIT, new ByteWriter().uint32(3)));
  return channel;
}

function packet(type: number, body: ByteWriter): Buffer {
  const fields = body.finish();
  return new ByteWriter(fields.length + 5)
    .uint32(fields.length + 1)
    .uint8(type)
    .bytes(fields)
    .finish();
}

function dataMessage(channel: number, data: Buffer): Buffer {
  return new ByteWriter(data.length + 16).uint8(Message.CHANNEL_DATA).uint32(channel).string(data).finish();
}

/** Reads and forgets, so that the server is never held up by us. */
function discardInput({ socket }: Opened): void {
  socket.removeAllListeners('data');
  socket.resume();
}

/** Sends one request on a path again and again, and takes every answer. */
async function floodRequests(opened: Opened, type: number, path: string): Promise<void> {
  const channel = await openSftp(opened, 2 ** 32 - 1);
  discardInput(opened);
  await flood(opened, dataMessage(channel, packet(type, new ByteWriter().uint32(7).string(path))));
}

/** Opens a file. @returns its handle as it stands in requests, with its length */
async function openFile(opened: Opened, channel: number, path: string, flags: number): Promise<Buffer> {
  opened.client.sendData(
    channel,
    packet(MessageType.OPEN, new ByteWriter().uint32(1).string(path).uint32(flags).uint32(0)),
  );
  for (;;) {
    const received = await opened.client.expect(Message.CHANNEL_DATA);
    received.message.uint32();
    const reply = received.message.string();
    const type = reply[4];
    if (type === MessageType.HANDLE) return reply.subarray(9);
    if (type === MessageType.STATUS) throw new Error('the file cannot be opened');
  }
}

export const ABUSES: readonly Abuse[] = [
  {
    name: 'junk instead of an identification, again and again',
    connections: 10,
    run: async ({ socket }) => {
      socket.write(Buffer.alloc(4096, 'GET / HTTP/1.1 '));
      await new Promise((resolve) => socket.once('close', resolve));
    },
  },
  {
    name: 'one byte a second before the login',
    connections: 40,
    run: async ({ socket }) => {
      for (const byte of Buffer.from('SSH-2.0-Slow'.padEnd(250, 'x'))) {
        if (socket.destroyed) return;
        socket.write(Buffer.from([byte]));
        await delay(1000);
      }
    },
  },
  {
    name: 'a flood of IGNORE after the login',
    connections: 4,
    run: async (opened) => {
      await opened.logIn();
      await flood(opened, new ByteWriter().uint8(Message.IGNORE).string('x').finish());
    },
  },
  {
    name: 'a flood of channels of an unknown type',
    connections: 4,
    run: async (opened) => {
      await opened.logIn();
      discardInput(opened);
      await flood(
        opened,
        new ByteWriter()
          .uint8(Message.CHANNEL_OPEN)
          .string('direct-tcpip')
          .uint32(0)
          .uint32(0)
          .uint32(0)
          .finish(),
      );
    },
  },
  {
    name: 'a flood of STAT',
    connections: 4,
    run: (opened) => floodRequests(opened, MessageType.STAT, LARGE_FILE),
  },
  {
    name: 'READs whose answers are never read',
    connections: 10,
    run: async (opened) => {
      const channel = await openSftp(opened);
      const handle = await openFile(opened, channel, LARGE_FILE, OpenFlag.READ);
      opened.socket.pause();
      const read = packet(
        MessageType.READ,
        new ByteWriter().uint32(8).bytes(handle).uint32(0).uint32(0).uint32(READ_BYTES),
      );
      for (let sent = 0; sent < UNREAD_READS; sent++) opened.client.sendData(channel, read);
      await new Promise((resolve) => opened.socket.once('close', resolve));
    },
  },
  {
    name: 'a flood of requests that are refused',
    connections: 4,
    run: (opened) => floodRequests(opened, MessageType.RMDIR, '/not-there'),
  },
  {
    name: 'an upload that stalls in the middle of a WRITE',
    connections: 20,
    run: async (opened) => {
      const channel = await openSftp(opened);
      opened.client.sendData(channel, Buffer.from([0, 3, 255, 0, MessageType.WRITE]));
      // Up to the window, which the server must hold: the end of this WRITE never comes.
      for (let sent = 0; sent < 7; sent++) opened.client.sendData(channel, Buffer.alloc(32_000));
      await new Promise((resolve) => opened.socket.once('close', resolve));
    },
  },
  {
    name: 'sessions whose requests come one byte a second',
    connections: 20,
    run: async (opened) => {
      const channel = await openSftp(opened);
      const request = packet(MessageType.REALPATH, new ByteWriter().uint32(9).string('.'.repeat(250)));
      for (const byte of request) {
        if (opened.socket.destroyed) return;
        opened.client.sendData(channel, Buffer.from([byte]));
        await delay(1000);
      }
    },
  },
  {
    name: 'a flood of channel requests',
    connections: 4,
    run: async (opened) => {
      await opened.logIn();
      const channel = await opened.client.openSession();
      discardInput(opened);
      await flood(opened, channelRequest(channel, 'env', true).string('A').string('B').finish());
    },
  },
];
