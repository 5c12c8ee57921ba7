/** Fuzz: connections that do things in any order, from the real handshake to files, before and behind a login. */

import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import fc from 'fast-check';
import { type LoggedIn, Login } from '../../src/endpoint/login.ts';
import { NOTHING_REVOKED } from '../../src/endpoint/revocations.ts';
import { DEFAULT_SECURITY_POLICY } from '../../src/endpoint/security-policies.ts';
import type { Storage } from '../../src/files/storage.ts';
import { type RecordedCall, RecordingStorage } from '../../src/files/testing/recording-storage.ts';
import { SourceRule } from '../../src/identity/index.ts';
import { MessageType } from '../../src/sftp/protocol.ts';
import { SftpServer } from '../../src/sftp/server.ts';
import { packet } from '../../src/sftp/testing/sftp-client.ts';
import type { Authenticator, AuthMethod, AuthVerdict, KeyAttempt } from '../../src/ssh/authenticator.ts';
import { HostKey } from '../../src/ssh/host-key.ts';
import { Message } from '../../src/ssh/message.ts';
import { channelRequest, type Received, type TestClient } from '../../src/ssh/testing/client.ts';
import { connect, makeHostKeys } from '../../src/ssh/testing/pair.ts';
import { ActivityLog } from '../../src/telemetry/activity.ts';
import { createLog } from '../../src/telemetry/log.ts';
import { ByteWriter } from '../../src/wire/byte-writer.ts';
import type { FuzzTarget } from './target.ts';

const hostKeys = makeHostKeys().slice(0, 1);
const ROLE = 'arn:aws:iam::000000000000:role/transfer-user';
const PASSWORD = 'correct horse';
const { privateKey } = generateKeyPairSync('ed25519');
const { publicKey } = new HostKey(privateKey);
const otherKey = generateKeyPairSync('ed25519').privateKey;
/** No message has this number: its answer says that all before it were dealt with. */
const MARKER = Buffer.from([25]);
/** A client that waits for what will not come gives up. */
const PATIENCE_MS = 1000;

const step = fc.oneof(
  fc.record({
    kind: fc.constantFrom('keys' as const, 'service' as const, 'session' as const, 'subsystem' as const),
  }),
  fc.record({ kind: fc.constant('password' as const), isRight: fc.boolean() }),
  fc.record({ kind: fc.constant('query' as const) }),
  fc.record({
    kind: fc.constant('signature' as const),
    spoiledBy: fc.constantFrom(undefined, 'session' as const, 'user' as const, 'key' as const),
  }),
  fc.record({ kind: fc.constant('files' as const) }),
  fc.record({
    kind: fc.constant('message' as const),
    number: fc.oneof(fc.constantFrom(...Object.values(Message)), fc.nat(255)),
    body: fc.oneof(fc.constant(new Uint8Array(8)), fc.uint8Array({ maxLength: 40 })),
  }),
);

/** Sequences that go far are as likely as those that break off at once. */
const goodStart = fc.constantFrom(
  [],
  [{ kind: 'keys' as const }],
  [{ kind: 'keys' as const }, { kind: 'service' as const }],
  [{ kind: 'keys' as const }, { kind: 'service' as const }, { kind: 'password' as const, isRight: true }],
);
const walk = fc
  .tuple(goodStart, fc.array(step, { maxLength: 8 }))
  .map(([first, rest]): readonly Step[] => [...first, ...rest]);
const input = fc.array(fc.record({ isStrict: fc.boolean(), walk }), { minLength: 1, maxLength: 12 });

type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;
type Input = typeof input extends fc.Arbitrary<infer T> ? T : never;

/** Everything behind the SSH layer, writing down what reaches it. */
class Backstage {
  readonly calls: RecordedCall[] = [];
  homes = 0;
  session: LoggedIn | undefined;
  readonly #log = createLog({ level: 'error', stream: { write: () => undefined } });

  /** The product's own login, over a function with one user. */
  authenticator(): Authenticator<string> {
    const login = new Login({
      settings: {
        serverId: 's-0123456789abcdef0',
        domain: 'S3',
        securityPolicy: DEFAULT_SECURITY_POLICY,
        provider: {
          check: async () => undefined,
          authenticate: async (request) => this.#answer(request.event()),
          close: async () => undefined,
        },
        authenticationMethods: 'PUBLIC_KEY_OR_PASSWORD',
        prompts: 'none',
        trustedAuthorities: [],
        revocations: NOTHING_REVOKED,
        sources: new SourceRule(undefined, undefined),
        preAuthenticationBanner: '',
        postAuthenticationBanner: '',
        partialUploads: 'store',
        directoryListing: 'markers',
        ignoresSetStat: false,
        roles: new Map([[ROLE, {}]]),
        storages: new Map([['bucket', this.#storage()]]),
        fileSystems: new Map(),
        accessPoints: new Map(),
      },
      sourceIp: '203.0.113.9',
      log: this.#log,
      activities: new ActivityLog(this.#log),
    });
    return new Remembering(login, (session) => {
      this.session = session;
    });
  }

  #answer({ username, password }: { readonly username: string; readonly password?: string }): unknown {
    if (username !== 'alice' || (password !== undefined && password !== PASSWORD)) return {};
    const PublicKeys = [`${publicKey.type} ${publicKey.blob.toString('base64')}`];
    return {
      Role: ROLE,
      HomeDirectoryType: 'LOGICAL',
      HomeDirectoryDetails: '[{"Entry":"/","Target":"/bucket/alice"}]',
      ...(password === undefined ? { PublicKeys } : {}),
    };
  }

  #storage(): Storage {
    const storage = new RecordingStorage('bucket', this.calls);
    const attach: Storage['attach'] = (...given) => {
      this.homes++;
      return storage.attach(...given);
    };
    return {
      homes: storage.homes,
      open: () => storage.open(),
      attach,
      close: () => storage.close(),
    };
  }
}

/** Keeps the session, and gives the SSH layer a name for it. */
class Remembering implements Authenticator<string> {
  readonly methods: readonly AuthMethod[];
  readonly #login: Login;
  readonly #remember: (session: LoggedIn) => void;

  constructor(login: Login, remember: (session: LoggedIn) => void) {
    this.#login = login;
    this.#remember = remember;
    this.methods = login.methods;
  }

  async password(attempt: Parameters<Login['password']>[0]) {
    return this.#named(await this.#login.password(attempt));
  }

  acceptsKey(attempt: KeyAttempt) {
    return this.#login.acceptsKey(attempt);
  }

  async keyProven(attempt: KeyAttempt) {
    return this.#named(await this.#login.keyProven(attempt));
  }

  #named(verdict: AuthVerdict<LoggedIn>): AuthVerdict<string> {
    if (verdict.outcome !== 'accepted') return verdict;
    this.#remember(verdict.identity);
    return { outcome: 'accepted', identity: verdict.identity.grant.userName };
  }
}

/** One connection that walks. */
class Walker {
  readonly backstage = new Backstage();
  readonly numbers: number[] = [];
  /** Right credentials were sent, so a success would be right too. */
  hasProof = false;
  sessions = 0;
  readonly pair;
  #isFirstExchange = true;

  constructor() {
    this.pair = connect({
      hostKeys,
      authenticator: this.backstage.authenticator(),
      startSession: (_identity, request, channel) => {
        this.sessions++;
        const { session } = this.backstage;
        assert.ok(session, 'a session has a user');
        if (request.type !== 'subsystem') return undefined;
        return new SftpServer({
          channel,
          fileSystem: session.fileSystem,
          home: session.grant.home.directory,
        });
      },
    });
  }

  get client(): TestClient {
    return this.pair.client;
  }

  note = ({ number }: Received): void => {
    this.numbers.push(number);
  };

  async take(given: Step, isStrict: boolean): Promise<void> {
    const { client } = this;
    switch (given.kind) {
      case 'keys':
        await client.exchangeKeys({ onOther: this.note, strict: isStrict });
        this.#isFirstExchange = false;
        return;
      case 'service':
        return client.send(new ByteWriter().uint8(Message.SERVICE_REQUEST).string('ssh-userauth').finish());
      case 'password':
        this.hasProof ||= given.isRight;
        return client.sendPassword('alice', given.isRight ? PASSWORD : 'wrong');
      case 'query':
        return client.sendPublicKey('alice', 'ssh-ed25519', privateKey);
      case 'signature':
        return this.#sign(given.spoiledBy);
      case 'session':
        return client.send(
          new ByteWriter()
            .uint8(Message.CHANNEL_OPEN)
            .string('session')
            .uint32(0)
            .uint32(100_000)
            .uint32(30_000)
            .finish(),
        );
      case 'subsystem':
        return client.send(channelRequest(0, 'subsystem', true).string('sftp').finish());
      case 'files':
        return client.sendData(0, FILE_REQUESTS);
      case 'message':
        return client.send(Buffer.from([given.number, ...given.body]));
    }
  }

  #sign(spoiledBy: 'session' | 'user' | 'key' | undefined): void {
    if (this.#isFirstExchange) return;
    this.hasProof ||= spoiledBy === undefined;
    const signer = spoiledBy === 'key' ? otherKey : privateKey;
    this.client.sendPublicKey('alice', 'ssh-ed25519', privateKey, signer, {
      ...(spoiledBy === 'session' ? { sessionId: Buffer.alloc(32) } : {}),
      ...(spoiledBy === 'user' ? { userName: 'root' } : {}),
    });
  }

  /** What must hold whenever it is looked at. */
  assertSafe(): void {
    const successAt = this.numbers.indexOf(Message.USERAUTH_SUCCESS);
    const firstOfChannels = this.numbers.findIndex((number) => number >= 80 && number <= 127);
    assert.equal(successAt, this.numbers.lastIndexOf(Message.USERAUTH_SUCCESS), 'success is said once');
    assert.ok(this.pair.authenticated.length <= 1);
    if (firstOfChannels >= 0)
      assert.ok(successAt >= 0 && successAt < firstOfChannels, 'channels follow success');
    if (this.hasProof) return;
    assert.equal(successAt, -1, 'nobody is let in without a proof');
    assert.deepEqual(this.pair.authenticated, []);
    assert.equal(this.backstage.homes, 0, 'no home is opened');
    assert.equal(this.sessions, 0);
    assert.deepEqual(this.backstage.calls, []);
  }
}

const FILE_REQUESTS = Buffer.concat([
  packet(new ByteWriter().uint8(MessageType.INIT).uint32(3)),
  packet(new ByteWriter().uint8(MessageType.STAT).uint32(1).string('/')),
  packet(new ByteWriter().uint8(MessageType.MKDIR).uint32(2).string('/made').uint32(0)),
]);

async function checkWalk({ isStrict, walk: steps }: Input[number]): Promise<void> {
  const walker = new Walker();
  const { client, closed } = walker.pair;
  client.sendIdent();
  try {
    for (const given of steps) {
      const isDone = await Promise.race([
        walker.take(given, isStrict).then(() => true),
        delay(PATIENCE_MS, false, { ref: false }),
      ]);
      if (!isDone) break;
      walker.assertSafe();
    }
    await Promise.race([readOn(walker), delay(PATIENCE_MS, undefined, { ref: false })]);
  } catch (error) {
    // The client's own complaint that the server has hung up, or answered otherwise than in a quiet exchange.
    if (error instanceof assert.AssertionError) throw error;
  }
  walker.assertSafe();
  client.stream.destroy();
  const { code, cause } = await closed;
  assert.notEqual(code, 'INTERNAL', `${cause instanceof Error ? cause.stack : cause}`);
  walker.assertSafe();
}

async function readOn(walker: Walker): Promise<void> {
  walker.client.send(MARKER);
  for (let next = await walker.client.next(); next !== undefined; next = await walker.client.next()) {
    walker.note(next);
    if (next.number === Message.UNIMPLEMENTED) return;
  }
}

export const stateMachine: FuzzTarget<Input> = {
  name: 'state-machine',
  input,
  async check(walks) {
    await Promise.all(walks.map(checkWalk));
  },
};
