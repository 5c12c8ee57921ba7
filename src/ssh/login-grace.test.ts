import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { ByteWriter } from '../wire/byte-writer.ts';
import { Message } from './message.ts';
import { connect, logIn, makeHostKeys, PASSWORD, type Pair, PasswordAuthenticator } from './testing/pair.ts';

const hostKeys = makeHostKeys().slice(0, 1);
const GRACE_MS = 10_000;
const PONG = 193;

/** Knows the answer at once, and gives it when it is told to. */
class SlowAuthenticator extends PasswordAuthenticator {
  readonly isAsked = Promise.withResolvers<void>();
  readonly answers = Promise.withResolvers<void>();

  override async password(attempt: { userName: string; password: string }) {
    this.isAsked.resolve();
    await this.answers.promise;
    return super.password(attempt);
  }
}

/** A client whose password is being judged. */
async function askedAboutPassword(context: TestContext) {
  context.mock.timers.enable({ apis: ['setTimeout'] });
  const authenticator = new SlowAuthenticator();
  const pair = connect({ hostKeys, authenticator, loginGraceMs: GRACE_MS });
  await pair.client.handshake();
  await pair.client.startAuthentication();
  pair.client.sendPassword('alice', PASSWORD);
  await authenticator.isAsked.promise;
  return { ...pair, authenticator };
}

async function numbersTo({ client }: Pair): Promise<number[]> {
  const numbers: number[] = [];
  for (let next = await client.next(); next !== undefined; next = await client.next())
    numbers.push(next.number);
  return numbers;
}

test('A-35 A-2 login grace - its end wins over a success that comes afterwards', async (t) => {
  const pair = await askedAboutPassword(t);
  t.mock.timers.tick(GRACE_MS);
  assert.equal((await pair.closed).code, 'LOGIN_TIMEOUT');
  pair.authenticator.answers.resolve();
  for (let turn = 0; turn < 10; turn++) await nextTurn();
  assert.deepEqual(pair.authenticated, []);
  t.mock.timers.tick(60_000);
  assert.deepEqual(await numbersTo(pair), [Message.DISCONNECT]);
});

test('A-35 login grace - a success wins over its end, which then never comes', async (t) => {
  const pair = await askedAboutPassword(t);
  t.mock.timers.tick(GRACE_MS - 1);
  pair.authenticator.answers.resolve();
  await pair.client.expect(Message.USERAUTH_SUCCESS);
  t.mock.timers.tick(10 * GRACE_MS);
  assert.deepEqual(pair.authenticated, ['alice']);
  await pair.client.openSubsystem('echo');
});

test('A-35 login grace - answer and end in one turn: one of them wins, and only one', async (t) => {
  const pair = await askedAboutPassword(t);
  pair.authenticator.answers.resolve();
  t.mock.timers.tick(GRACE_MS);
  assert.equal((await pair.closed).code, 'LOGIN_TIMEOUT');
  for (let turn = 0; turn < 10; turn++) await nextTurn();
  assert.deepEqual(pair.authenticated, []);
  t.mock.timers.tick(60_000);
  assert.ok(!(await numbersTo(pair)).includes(Message.USERAUTH_SUCCESS));
});

test('A-35 login grace - ends also a client that keeps the connection busy with notes', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const { client, closed } = connect({ hostKeys, loginGraceMs: GRACE_MS });
  await client.handshake();
  await client.startAuthentication();
  const ignore = new ByteWriter().uint8(Message.IGNORE).string('').finish();
  for (let second = 0; second < GRACE_MS / 1000; second++) {
    client.send(ignore);
    await nextTurn();
    t.mock.timers.tick(1000);
  }
  assert.equal((await closed).code, 'LOGIN_TIMEOUT');
});

test('A-38 A-22 login - while it is being judged there is no user, no channel and no session', async (t) => {
  const sessions: string[] = [];
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const authenticator = new SlowAuthenticator();
  const pair = connect({
    hostKeys,
    authenticator,
    startSession: (identity) => {
      sessions.push(identity);
      return undefined;
    },
  });
  await pair.client.handshake();
  await pair.client.startAuthentication();
  pair.client.sendPassword('alice', 'wrong');
  const open = new ByteWriter().uint8(Message.CHANNEL_OPEN).string('session').uint32(0).uint32(9).uint32(9);
  pair.client.send(open.finish());
  await authenticator.isAsked.promise;
  assert.deepEqual(pair.authenticated, []);
  authenticator.answers.resolve();
  for (let turn = 0; turn < 10; turn++) await nextTurn();
  t.mock.timers.tick(5000);
  assert.equal((await pair.closed).code, 'MESSAGE_UNEXPECTED');
  assert.deepEqual(pair.authenticated, []);
  assert.deepEqual(sessions, []);
});

for (const number of [6, 31, 51, 52, 53, 60, 80, 90, 94, 98, 127]) {
  test(`A-20 A-21 login - message ${number} behind a password that is still judged opens nothing`, async (t) => {
    const pair = await askedAboutPassword(t);
    pair.client.send(Buffer.from([number, 0, 0, 0, 0]));
    pair.authenticator.answers.reject(new Error('the directory is down'));
    for (let turn = 0; turn < 10; turn++) await nextTurn();
    t.mock.timers.tick(5000);
    assert.equal((await pair.closed).code, 'MESSAGE_UNEXPECTED');
    assert.deepEqual(pair.authenticated, []);
  });
}

test('A-33 ping - is dropped without an answer before and behind the login, and a flood of them ends the connection', async () => {
  const ping = new ByteWriter().uint8(Message.PING).string(Buffer.alloc(1000)).finish();
  const { client } = connect({ hostKeys });
  await client.handshake();
  for (let count = 0; count < 50; count++) client.send(ping);
  await client.startAuthentication();
  for (let count = 0; count < 50; count++) client.send(ping);
  client.sendPassword('alice', PASSWORD);
  await client.expect(Message.USERAUTH_SUCCESS);
  client.send(ping);
  await client.openSession();
  const flooding = connect({ hostKeys });
  await flooding.client.handshake();
  for (let count = 0; count < 2000; count++) flooding.client.send(ping);
  assert.equal((await flooding.closed).code, 'MESSAGE_UNEXPECTED');
  const numbers = await numbersTo(flooding);
  assert.ok(!numbers.includes(PONG));
});

test('A-34 rekey - what is no key exchange is refused at once behind the KEXINIT of the client', async () => {
  const { CHANNEL_REQUEST, GLOBAL_REQUEST, PING, USERAUTH_REQUEST } = Message;
  for (const number of [CHANNEL_REQUEST, GLOBAL_REQUEST, PING, USERAUTH_REQUEST, 25]) {
    const { client, closed } = await logIn({ hostKeys });
    client.exchangeKeys({ between: [Buffer.from([number, 0, 0, 0, 0])] }).catch(() => undefined);
    assert.equal((await closed).code, 'MESSAGE_UNEXPECTED');
  }
});
