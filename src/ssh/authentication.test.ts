import assert from 'node:assert/strict';
import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { test } from 'node:test';
import { ByteReader } from '../wire/byte-reader.ts';
import { ByteWriter } from '../wire/byte-writer.ts';
import { Authentication } from './authentication.ts';
import type { Authenticator } from './authenticator.ts';
import { Message } from './message.ts';
import type { PublicKey } from './public-key.ts';
import { publicKeyFromKeyObject } from './public-key.ts';
import { authRequest, type TestClient } from './testing/client.ts';
import { connect, makeHostKeys, PASSWORD, type Pair, PasswordAuthenticator } from './testing/pair.ts';

const hostKeys = makeHostKeys();
const alice = generateKeyPairSync('ed25519');
const mallory = generateKeyPairSync('ed25519');
const ec = generateKeyPairSync('ec', { namedCurve: 'secp384r1' });
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });

/** Accepts the given keys; the identity names the key that was proven. */
class KeyAuthenticator implements Authenticator<string> {
  readonly methods: Authenticator<string>['methods'] = ['publickey'];
  readonly #keys: readonly Buffer[];

  constructor(...keys: readonly KeyObject[]) {
    this.#keys = keys.map((key) => publicKeyFromKeyObject(key).blob);
  }

  async password() {
    return { outcome: 'refused', methods: this.methods } as const;
  }

  async acceptsKey({ key }: { key: PublicKey }): Promise<boolean> {
    return this.#keys.some((blob) => blob.equals(key.blob));
  }

  async keyProven({ key }: { key: PublicKey }) {
    const index = this.#keys.findIndex((blob) => blob.equals(key.blob));
    return { outcome: 'accepted', identity: `key ${index}` } as const;
  }
}

async function started(options: Partial<Parameters<typeof connect>[0]> = {}): Promise<Pair> {
  const pair = connect({ hostKeys, ...options });
  await pair.client.handshake();
  await pair.client.startAuthentication();
  return pair;
}

async function failure(client: TestClient): Promise<{ methods: string[]; isPartial: boolean }> {
  const { message } = await client.expect(Message.USERAUTH_FAILURE);
  return { methods: message.nameList(), isPartial: message.boolean() };
}

test('service - anything but ssh-userauth is refused', async () => {
  const { client, closed } = connect({ hostKeys });
  await client.handshake();
  client.send(new ByteWriter().uint8(Message.SERVICE_REQUEST).string('ssh-connection').finish());
  assert.equal((await closed).code, 'SERVICE_UNKNOWN');
});

test('service - asked for again between the steps of a login, it is accepted again: paramiko does so', async () => {
  const { client } = await started();
  client.send(authRequest('alice', 'none').finish());
  await failure(client);
  await client.startAuthentication();
  client.sendPassword('alice', PASSWORD);
  await client.expect(Message.USERAUTH_SUCCESS);
});

test('service - asked for without end, it ends the connection', async () => {
  const { client, closed } = await started();
  const request = new ByteWriter().uint8(Message.SERVICE_REQUEST).string('ssh-userauth').finish();
  for (let count = 0; count < 128; count++) client.send(request);
  assert.equal((await closed).code, 'AUTH_TOO_MANY_FAILURES');
});

test('none - tells the methods and never logs in', async () => {
  const { client, authenticated } = await started();
  client.send(authRequest('alice', 'none').finish());
  assert.deepEqual(await failure(client), { methods: ['publickey', 'password'], isPartial: false });
  assert.deepEqual(authenticated, []);
});

test('banner - is shown once, with CR LF, before the first answer', async () => {
  const { client } = await started({ banner: 'Authorised users only.\nBe nice.' });
  client.send(authRequest('alice', 'none').finish());
  const { message } = await client.expect(Message.USERAUTH_BANNER);
  assert.equal(message.text(), 'Authorised users only.\r\nBe nice.\r\n');
  await failure(client);
  client.sendPassword('alice', PASSWORD);
  await client.expect(Message.USERAUTH_SUCCESS);
});

test('password - the right one logs in, with the identity the authenticator gave', async () => {
  const { client, authenticated } = await started();
  client.sendPassword('alice', PASSWORD);
  await client.expect(Message.USERAUTH_SUCCESS);
  assert.deepEqual(authenticated, ['alice']);
});

test('password - six wrong ones end the connection', async () => {
  const { client, closed } = await started();
  for (let attempt = 1; attempt < 6; attempt++) {
    client.sendPassword('alice', 'wrong');
    await failure(client);
  }
  client.sendPassword('alice', 'wrong');
  const error = await closed;
  assert.equal(error.message, 'Too many authentication failures');
  assert.equal(error.disconnectReason, 2);
});

test('A-5 password - an empty one is refused without asking anybody', async () => {
  const authenticator = new PasswordAuthenticator();
  const { client } = await started({ authenticator });
  client.sendPassword('alice', '');
  await failure(client);
  assert.equal(authenticator.calls, 0);
});

test('password - a request to change it is no login', async () => {
  const authenticator = new PasswordAuthenticator();
  const { client } = await started({ authenticator });
  client.send(authRequest('alice', 'password').boolean(true).string(PASSWORD).string('new').finish());
  await failure(client);
  assert.equal(authenticator.calls, 0);
});

test('password - where only keys are offered nobody is asked', async () => {
  const { client, authenticated } = await started({ authenticator: new KeyAuthenticator(alice.publicKey) });
  client.sendPassword('alice', PASSWORD);
  assert.deepEqual((await failure(client)).methods, ['publickey']);
  assert.deepEqual(authenticated, []);
});

for (const [name, answer] of [
  ['rejects', () => Promise.reject(new Error('directory down'))],
  [
    'throws',
    () => {
      throw new Error('directory down');
    },
  ],
] as const) {
  test(`A-37 authenticator - one that ${name} is a refusal, never a login`, async () => {
    const authenticator = Object.assign(new PasswordAuthenticator(), {
      password: answer,
      acceptsKey: answer,
    });
    const { client, authenticated } = await started({ authenticator });
    client.sendPassword('alice', PASSWORD);
    await failure(client);
    client.sendPublicKey('alice', 'ssh-ed25519', alice.publicKey);
    await failure(client);
    assert.deepEqual(authenticated, []);
  });
}

for (const [algorithm, pair] of [
  ['ssh-ed25519', alice],
  ['ecdsa-sha2-nistp384', ec],
  ['rsa-sha2-256', rsa],
  ['rsa-sha2-512', rsa],
] as const) {
  test(`publickey - ${algorithm}: query, then signature, logs in`, async () => {
    const { client, authenticated } = await started({ authenticator: new KeyAuthenticator(pair.publicKey) });
    client.sendPublicKey('alice', algorithm, pair.publicKey);
    const { message } = await client.expect(Message.USERAUTH_PK_OK);
    assert.equal(message.ascii(), algorithm);
    assert.deepEqual(authenticated, [], 'a query proves nothing');
    client.sendPublicKey('alice', algorithm, pair.publicKey, pair.privateKey);
    await client.expect(Message.USERAUTH_SUCCESS);
    assert.deepEqual(authenticated, ['key 0']);
  });
}

test('A-3 A-23 publickey - the identity is that of the key that signed, not of one asked about before', async () => {
  const { client, authenticated } = await started({
    authenticator: new KeyAuthenticator(alice.publicKey, mallory.publicKey),
  });
  client.sendPublicKey('alice', 'ssh-ed25519', alice.publicKey);
  await client.expect(Message.USERAUTH_PK_OK);
  client.sendPublicKey('alice', 'ssh-ed25519', mallory.publicKey, mallory.privateKey);
  await client.expect(Message.USERAUTH_SUCCESS);
  assert.deepEqual(authenticated, ['key 1']);
});

const forgeries: readonly [string, (client: TestClient) => void][] = [
  ['by another key', (c) => c.sendPublicKey('alice', 'ssh-ed25519', alice.publicKey, mallory.privateKey)],
  [
    'over another session',
    (c) =>
      c.sendPublicKey('alice', 'ssh-ed25519', alice.publicKey, alice.privateKey, {
        sessionId: Buffer.alloc(32),
      }),
  ],
  [
    'for another user',
    (c) => c.sendPublicKey('alice', 'ssh-ed25519', alice.publicKey, alice.privateKey, { userName: 'bob' }),
  ],
  [
    'naming another algorithm inside',
    (c) =>
      c.sendPublicKey('alice', 'rsa-sha2-256', rsa.publicKey, rsa.privateKey, {
        signatureName: 'rsa-sha2-512',
      }),
  ],
  [
    'with the algorithm of another curve',
    (c) => c.sendPublicKey('alice', 'ecdsa-sha2-nistp256', ec.publicKey, ec.privateKey),
  ],
];
for (const [what, forge] of forgeries) {
  test(`A-7 A-8 A-9 A-10 publickey - a signature ${what} is refused`, async () => {
    const { client, authenticated } = await started({
      authenticator: new KeyAuthenticator(alice.publicKey, rsa.publicKey, ec.publicKey),
    });
    forge(client);
    await failure(client);
    assert.deepEqual(authenticated, []);
  });
}

test('publickey - ssh-rsa (SHA-1), unknown types and garbage fail the attempt, not the connection', async () => {
  const { client } = await started({ authenticator: new KeyAuthenticator(alice.publicKey, rsa.publicKey) });
  client.send(
    authRequest('alice', 'publickey')
      .boolean(false)
      .string('ssh-rsa')
      .string(publicKeyFromKeyObject(rsa.publicKey).blob)
      .finish(),
  );
  await failure(client);
  client.send(authRequest('alice', 'publickey').boolean(false).string('ssh-dss').string('junk').finish());
  await failure(client);
  client.sendPublicKey('alice', 'ssh-ed25519', alice.publicKey, alice.privateKey);
  await client.expect(Message.USERAUTH_SUCCESS);
});

test('A-31 requests - the 129th ends the connection, whatever they were', async () => {
  const { client, closed } = await started({ authenticator: new KeyAuthenticator() });
  for (let request = 1; request <= 129; request++)
    client.sendPublicKey('alice', 'ssh-ed25519', alice.publicKey);
  const error = await closed;
  assert.equal(error.code, 'AUTH_TOO_MANY_FAILURES');
});

test('A-36 user - a change of name ends the connection', async () => {
  const { client, closed } = await started();
  client.sendPassword('alice', 'wrong');
  await failure(client);
  client.sendPassword('root', PASSWORD);
  assert.equal((await closed).code, 'AUTH_USER_CHANGED');
});

test('A-1 requests - are answered one at a time, in order, also when they are pipelined', async () => {
  const { client, authenticated } = await started();
  client.send(authRequest('alice', 'none').finish());
  client.sendPassword('alice', 'wrong');
  client.sendPassword('alice', PASSWORD);
  await failure(client);
  await failure(client);
  await client.expect(Message.USERAUTH_SUCCESS);
  assert.deepEqual(authenticated, ['alice']);
});

test('A-4 success - is sent once; later requests are ignored', async () => {
  const { client, authenticated } = await started();
  client.sendPassword('alice', PASSWORD);
  client.sendPassword('alice', PASSWORD);
  await client.expect(Message.USERAUTH_SUCCESS);
  await client.openSession();
  assert.deepEqual(authenticated, ['alice']);
});

test('A-2 authenticator - an answer after the client left changes nothing', async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  const authenticator = Object.assign(new PasswordAuthenticator(), {
    password: async () => {
      await promise;
      return { outcome: 'accepted', identity: 'alice' } as const;
    },
  });
  const { client, closed, authenticated } = await started({ authenticator });
  client.sendPassword('alice', PASSWORD);
  await new Promise((next) => setTimeout(next, 20));
  client.stream.destroy();
  await closed;
  resolve();
  await new Promise((next) => setTimeout(next, 20));
  assert.deepEqual(authenticated, []);
});

test('partial success - names what is left and is no login', async () => {
  const authenticator = Object.assign(new KeyAuthenticator(alice.publicKey), {
    keyProven: async () => ({ outcome: 'continue', methods: ['password'] }) as const,
    password: async () => ({ outcome: 'accepted', identity: 'both' }) as const,
  });
  const { client, authenticated } = await started({ authenticator });
  client.sendPublicKey('alice', 'ssh-ed25519', alice.publicKey, alice.privateKey);
  assert.deepEqual(await failure(client), { methods: ['password'], isPartial: true });
  assert.deepEqual(authenticated, []);
  client.sendPassword('alice', PASSWORD);
  await client.expect(Message.USERAUTH_SUCCESS);
  assert.deepEqual(authenticated, ['both']);
});

const states: readonly [string, (client: TestClient) => Promise<void>][] = [
  ['before a service was asked for', async () => undefined],
  ['before the login', async (client) => client.startAuthentication()],
];
for (const [state, arrange] of states) {
  for (const number of [6, 51, 52, 53, 60, 61, ...Array.from({ length: 48 }, (_, index) => 80 + index)]) {
    test(`A-20 A-21 state machine - message ${number} ${state} ends the connection`, async () => {
      const { client, closed, authenticated } = connect({ hostKeys: hostKeys.slice(0, 1) });
      await client.handshake();
      await arrange(client);
      client.send(Buffer.concat([Buffer.from([number]), Buffer.alloc(32)]));
      assert.equal((await closed).code, 'MESSAGE_UNEXPECTED');
      assert.deepEqual(authenticated, []);
    });
  }
}

test('A-33 ping - before the login is ignored, without an answer', async () => {
  const { client } = await started();
  for (let count = 0; count < 100; count++) client.send(Buffer.from([Message.PING, 0, 0, 0, 1, 65]));
  client.send(authRequest('alice', 'none').finish());
  await failure(client);
});

test('user name - bytes that are not UTF-8 end the connection: several names would read alike', async () => {
  const { client, closed, authenticated } = await started();
  client.send(
    new ByteWriter()
      .uint8(Message.USERAUTH_REQUEST)
      .string(Buffer.from('616cff', 'hex'))
      .string('ssh-connection')
      .string('password')
      .boolean(false)
      .string(PASSWORD)
      .finish(),
  );
  assert.equal((await closed).code, 'MESSAGE_INVALID');
  assert.deepEqual(authenticated, []);
});

test('password - bytes that are not UTF-8 are refused without asking anybody', async () => {
  const refusals: string[] = [];
  const authenticator = Object.assign(new PasswordAuthenticator(), {
    refusedByLayer: (_attempt: unknown, _method: unknown, refusal: string) => void refusals.push(refusal),
  });
  const { client } = await started({ authenticator });
  client.send(authRequest('alice', 'password').boolean(false).string(Buffer.from('70e4', 'hex')).finish());
  await failure(client);
  assert.equal(authenticator.calls, 0);
  assert.deepEqual(refusals, ['PASSWORD_NOT_UTF8']);
});

test('success - is no success when the connection ends while it is being said', async () => {
  const abort = new AbortController();
  const { promise: released, resolve } = Promise.withResolvers<void>();
  let successes = 0;
  const authentication = new Authentication<string>({
    authenticator: new PasswordAuthenticator(),
    sessionId: () => Buffer.alloc(32),
    userSignatures: [],
    sourceAddress: undefined,
    banner: '',
    postAuthenticationBanner: '',
    maxFailures: 6,
    signal: abort.signal,
    send: () => abort.abort(),
    hold: () => resolve,
    succeed: () => {
      successes++;
    },
    fail: (error) => assert.fail(String(error)),
  });
  const request = authRequest('alice', 'password').boolean(false).string(PASSWORD).finish();
  authentication.onRequest(new ByteReader(request, 1));
  await released;
  assert.equal(successes, 0);
});
