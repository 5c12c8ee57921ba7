/**
 * Opens connections to a directory: TCP, TLS or StartTLS (RFC 4511, section 4.14).
 *
 * StartTLS is spoken here and not by the LDAP library: what somebody on the way appends to the plain answer must never be read as
 * if it had come over TLS, where it could turn the next refusal into a success.
 */

import { once } from 'node:events';
import { connect, isIP, type Socket } from 'node:net';
import { type SecureContext, connect as tlsConnect } from 'node:tls';
import { BerReader } from 'ldapts';
import { IdentityFault } from '../../decision.ts';

const PLAIN_PORT = 389;
const TLS_PORT = 636;
const START_TLS_OID = '1.3.6.1.4.1.1466.20037';
const EXTENDED_RESPONSE = 0x78;
/** A firewall that forgets silent connections is found out before somebody waits. */
const KEEP_ALIVE_MS = 30_000;

export interface SocketSettings {
  readonly url: string;
  readonly startTls: boolean;
  readonly serverName?: string | undefined;
  readonly verify: boolean;
  readonly secureContext: () => Promise<SecureContext>;
}

/**
 * A connection on which LDAP can be spoken; encrypted unless the URL is `ldap` without StartTLS.
 * @throws IdentityFault UPSTREAM_UNREACHABLE, UPSTREAM_TIMED_OUT once `signal` aborts
 */
export async function openSocket(settings: SocketSettings, signal: AbortSignal): Promise<Socket> {
  const { protocol, hostname, port } = new URL(settings.url);
  const isSecure = protocol === 'ldaps:';
  const host = hostname.replace(/^\[|\]$/g, '');
  const place = { host, port: port === '' ? (isSecure ? TLS_PORT : PLAIN_PORT) : Number(port) };
  let socket: Socket | undefined;
  try {
    const { secureContext } = settings;
    const context = isSecure || settings.startTls ? await secureContext() : undefined;
    signal.throwIfAborted();
    socket = connect({ ...place, keepAlive: true, keepAliveInitialDelay: KEEP_ALIVE_MS });
    // Whoever waits hears of an error by other ways; without a listener a late one would end the process.
    socket.on('error', () => {});
    await once(socket, 'connect', { signal });
    if (!isSecure && settings.startTls) await askForTls(socket, signal);
    return context === undefined ? socket : await secure(socket, { ...settings, host, context }, signal);
  } catch (cause) {
    socket?.destroy();
    if (cause instanceof IdentityFault) throw cause;
    if (signal.aborted)
      throw new IdentityFault('UPSTREAM_TIMED_OUT', `${settings.url} did not take the connection.`);
    throw new IdentityFault('UPSTREAM_UNREACHABLE', `${settings.url}: ${errorCode(cause)}.`);
  }
}

interface SecureOptions {
  readonly host: string;
  readonly serverName?: string | undefined;
  readonly verify: boolean;
  readonly context: SecureContext;
}

async function secure(
  socket: Socket,
  { host, serverName = host, verify, context }: SecureOptions,
  signal: AbortSignal,
): Promise<Socket> {
  const encrypted = tlsConnect({
    socket,
    host: serverName,
    secureContext: context,
    rejectUnauthorized: verify,
    // RFC 6066, section 3: an address is no server name.
    ...(isIP(serverName) === 0 ? { servername: serverName } : {}),
  });
  encrypted.on('error', () => {});
  await once(encrypted, 'secureConnect', { signal });
  return encrypted;
}

/** Nothing is sent in clear but the wish for TLS; a server that does not have it is not used. */
async function askForTls(socket: Socket, signal: AbortSignal): Promise<void> {
  socket.write(startTlsRequest());
  const answer = await oneMessage(socket, signal);
  const code = extendedResultCode(answer);
  if (code !== 0)
    throw new IdentityFault(
      'UPSTREAM_UNREACHABLE',
      `The directory refuses StartTLS (result ${code ?? 'unknown'}).`,
    );
}

function startTlsRequest(): Buffer {
  const oid = Buffer.from(START_TLS_OID, 'latin1');
  const name = Buffer.concat([Buffer.from([0x80, oid.length]), oid]);
  const messageId = [0x02, 0x01, 0x01];
  const length = messageId.length + 2 + name.length;
  return Buffer.concat([Buffer.from([0x30, length, ...messageId, 0x77, name.length]), name]);
}

/** Longest plain answer to the wish for TLS, in bytes. */
const MAX_PLAIN_BYTES = 4096;

/** One message and not a byte more: what follows it in clear is nothing that the directory has to say. */
async function oneMessage(socket: Socket, signal: AbortSignal): Promise<Buffer> {
  let received = Buffer.alloc(0);
  while (received.length < MAX_PLAIN_BYTES) {
    received = Buffer.concat([received, await nextChunk(socket, signal)]);
    const length = messageLength(received);
    if (length === undefined || received.length < length) continue;
    if (received.length > length) break;
    return received;
  }
  throw new IdentityFault(
    'UPSTREAM_UNREACHABLE',
    'The answer to StartTLS is followed by something in clear.',
  );
}

async function nextChunk(socket: Socket, signal: AbortSignal): Promise<Buffer> {
  const chunk = Promise.withResolvers<Buffer>();
  const onData = (bytes: Buffer) => chunk.resolve(bytes);
  const onEnd = () => chunk.reject(new Error('closed'));
  const onAbort = () => chunk.reject(new Error('aborted'));
  socket.once('data', onData).once('close', onEnd).once('end', onEnd);
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    const bytes = await chunk.promise;
    socket.pause();
    return bytes;
  } finally {
    socket.off('data', onData).off('close', onEnd).off('end', onEnd);
    signal.removeEventListener('abort', onAbort);
  }
}

/** With the header; undefined while that is not whole. */
function messageLength(bytes: Buffer): number | undefined {
  const reader = new BerReader(bytes);
  return reader.readSequence() === null ? undefined : reader.offset + reader.length;
}

function extendedResultCode(message: Buffer): number | undefined {
  try {
    const reader = new BerReader(message);
    reader.readSequence();
    if (reader.readInt() !== 1) return undefined;
    reader.readSequence(EXTENDED_RESPONSE);
    return reader.readEnumeration() ?? undefined;
  } catch {
    return undefined;
  }
}

/** The code of the system's or of OpenSSL's error; never a message, which may quote what was received. */
function errorCode(cause: unknown): string {
  return cause instanceof Error && 'code' in cause && typeof cause.code === 'string'
    ? cause.code
    : 'the connection failed';
}
