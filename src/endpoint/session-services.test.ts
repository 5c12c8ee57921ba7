import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { HashPace } from '../sftp/hashing/hash-pace.ts';
import { MessageType, OpenFlag } from '../sftp/protocol.ts';
import { MemoryChannel } from '../sftp/testing/memory-channel.ts';
import { SftpClient } from '../sftp/testing/sftp-client.ts';
import { ActivityLog } from '../telemetry/activity.ts';
import { createLog } from '../telemetry/log.ts';
import { SessionServices } from './session-services.ts';
import { GRANT, PASSWORD, setUp } from './testing/login-bench.ts';

/** The services of a session that has just logged in, and the activities it records. */
async function services({ ignoresSetStat = false } = {}) {
  const { login, attempt } = setUp(() => GRANT);
  const verdict = await login.password({ ...attempt, password: PASSWORD });
  assert.ok(verdict.outcome === 'accepted');
  const lines: string[] = [];
  const log = createLog({ level: 'debug', stream: { write: (text: string) => void lines.push(text) } });
  const activities = (): Record<string, unknown>[] => lines.map((text) => JSON.parse(text));
  const served = new SessionServices({
    session: verdict.identity,
    ignoresSetStat,
    softwareVersion: 'Drawbridge_1.2.3',
    hashPace: new HashPace(),
    activities: new ActivityLog(log),
    log,
  });
  return { served, activities };
}

type Served = Awaited<ReturnType<typeof services>>['served'];

async function connect(served: Served): Promise<SftpClient> {
  const channel = new MemoryChannel();
  const handler = served.start({ type: 'subsystem', name: 'sftp' }, channel);
  assert.ok(handler !== undefined);
  const client = new SftpClient((bytes) => handler.onData(bytes));
  channel.onSend = (bytes) => client.receive(bytes);
  await client.init();
  return client;
}

async function run(served: Served, command: string): Promise<MemoryChannel> {
  const channel = new MemoryChannel();
  served.start({ type: 'exec', command }, channel)?.onEnd();
  while (channel.exitStatus === undefined) await delay(1);
  return channel;
}

async function store(client: SftpClient, path: string, contents: string): Promise<void> {
  const { handle } = await client.open(path, OpenFlag.WRITE | OpenFlag.CREATE);
  await client.write(handle, 0, contents);
  await client.close(handle);
}

test('session - the subsystem sftp and commands are served on the same files, and nothing else', async () => {
  const { served, activities } = await services();
  const client = await connect(served);
  await store(client, '/a', 'abc');
  const { sentBytes, exitStatus } = await run(served, 'md5sum /a');
  assert.deepEqual([sentBytes.toString(), exitStatus], ['900150983cd24fb0d6963f7d28e17f72  /a\n', 0]);
  assert.equal(served.start({ type: 'subsystem', name: 'netconf' }, new MemoryChannel()), undefined);
  const [hashed] = activities().filter((line) => line['activity-type'] === 'CHECK_FILE');
  assert.deepEqual([hashed?.path, hashed?.algorithm], ['/a', 'md5']);
});

test('session - a refused command is an error in the log, without its arguments', async () => {
  const { served, activities } = await services();
  const { exitStatus, errors } = await run(served, 'curl -H secret http://x');
  assert.equal(exitStatus, 127);
  assert.match(errors, /^curl: command not found/);
  const [refused] = activities();
  assert.deepEqual([refused?.operation, refused?.message], ['EXEC', 'the command curl is not served']);
  assert.ok(!JSON.stringify(activities()).includes('secret'));
});

test('session - SetStatOption reaches SFTP, and what was left undone is in the log', async () => {
  const { served, activities } = await services({ ignoresSetStat: true });
  const client = await connect(served);
  await store(client, '/a', 'abc');
  await client.changing(MessageType.SETSTAT, '/a', { permissions: 0o600 });
  assert.equal((await client.named(MessageType.STAT, '/a')).attributes.permissions, 0o100644);
  const [ignored] = activities().filter((line) => line['activity-type'] === 'SETSTAT');
  assert.match(String(ignored?.message), /ENABLE_NO_OP/);
});

test('session - files are open while a client holds them', async () => {
  const { served } = await services();
  const client = await connect(served);
  assert.equal(served.hasOpenFiles, false);
  const { handle } = await client.open('/a', OpenFlag.WRITE | OpenFlag.CREATE);
  assert.equal(served.hasOpenFiles, true);
  await client.close(handle);
  assert.equal(served.hasOpenFiles, false);
});
