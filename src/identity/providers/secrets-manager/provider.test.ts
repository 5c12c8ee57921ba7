import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import { inspect } from 'node:util';
import { PROTOCOLS } from '../../records/reader.ts';
import { testLogin, testSurroundings } from '../../records/testing/login.ts';
import { Secret } from '../../secret.ts';
import type { Login, PersonProvider } from '../provider.ts';
import { secretsManagerOptions } from './options.ts';
import { createSecretsManagerProvider } from './provider.ts';
import { SecretsServer } from './testing/secrets-server.ts';

const CANARY = 'canary-8e8e';
const NAME = 'aws/transfer/s-0123456789abcdef0/jdoe';
const ROLE = 'arn:aws:iam::111122223333:role/transfer-demo-secret-role';
const HOME = '[{"Entry": "/sakshi", "Target": "/fs0e70962c7438494a9/sakshi"}]';
/** The secret of origin text 004. */
const SEED = {
  Password: CANARY,
  Role: ROLE,
  PosixProfile: '{"Uid": 1001, "Gid": 1001}',
  HomeDirectoryDetails: HOME,
};
const KEY = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEB';

describe('secrets manager', () => {
  let server: SecretsServer;

  before(async () => {
    server = await SecretsServer.start();
  });
  after(() => server[Symbol.asyncDispose]());
  beforeEach(() => {
    server.secrets.clear();
    server.errors.clear();
    server.asked.length = 0;
    server.isSilent = false;
  });

  function providerOf(options: object = {}, nowMs = Date.now()): PersonProvider {
    const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
    return createSecretsManagerProvider(
      secretsManagerOptions.parse({ endpoint: server.endpoint, credentials, ...options }),
      testSurroundings({ now: () => nowMs }),
    );
  }

  function put(secret: object, name = NAME): void {
    server.secrets.set(name, { SecretString: JSON.stringify(secret) });
  }

  /** The session, or the code of the denial. */
  async function ask(provider: PersonProvider, login: Login, typed: string): Promise<unknown> {
    try {
      if (typed === '') return (await provider.lookUp(login))?.record;
      const step = await provider.password(login, new Secret(typed));
      return step.outcome === 'verified' ? step.person.record?.session : step.outcome;
    } catch (error) {
      assert(!inspect(error, { depth: 9 }).includes(CANARY));
      return error instanceof Error && 'code' in error ? error.code : error;
    }
  }

  it('secrets manager - origin 004: its secret gives its answer', async () => {
    put(SEED);
    assert.deepEqual(await ask(providerOf(), testLogin(), CANARY), {
      role: ROLE,
      home: { type: 'LOGICAL', details: [{ Entry: '/sakshi', Target: '/fs0e70962c7438494a9/sakshi' }] },
      posixProfile: { uid: 1001, gid: 1001, secondaryGids: [] },
    });
    assert.equal(await ask(providerOf(), testLogin(), 'wrong'), 'BAD_CREDENTIALS');
    assert.equal(await ask(providerOf(), testLogin({ userName: 'msmith' }), CANARY), 'USER_UNKNOWN');
    assert.equal(
      await ask(providerOf(), testLogin({ serverId: 's-00000000000000000' }), CANARY),
      'USER_UNKNOWN',
    );
  });

  it('secrets manager - origin 004: the matrix of protocols, members and passwords', async () => {
    for (const protocol of PROTOCOLS) {
      const own = { [`${protocol}Password`]: 'own', [`${protocol}Role`]: 'own-role' };
      const plain = { Password: 'plain', Role: 'plain-role' };
      const others = { [`${protocol === 'FTP' ? 'FTPS' : 'FTP'}Password`]: 'others' };
      const outcome = async (secret: object, typed: string) => {
        put(secret);
        const session = await ask(providerOf(), testLogin({ protocol }), typed);
        return typeof session === 'object' && session !== null && 'role' in session ? session.role : session;
      };
      assert.equal(await outcome(own, 'own'), 'own-role');
      assert.equal(await outcome(plain, 'plain'), 'plain-role');
      assert.equal(await outcome({ ...own, ...plain }, 'own'), 'own-role');
      assert.equal(await outcome({ ...own, ...plain }, 'plain'), 'BAD_CREDENTIALS');
      assert.equal(await outcome(others, 'others'), 'PASSWORD_NOT_ACCEPTED');
      assert.equal(await outcome({}, 'plain'), 'PASSWORD_NOT_ACCEPTED');
      for (const secret of [own, plain, { ...own, ...plain }, {}]) {
        const looked = await outcome({ ...secret, PublicKey: KEY }, '');
        if (protocol !== 'SFTP') assert.equal(looked, 'KEYS_NOT_ACCEPTED');
        else assert.deepEqual(linesOf(looked), [KEY]);
      }
    }
  });

  it('secrets manager - origin 004: no role is no role, and PosixProfile as an object is read too', async () => {
    put({ ...SEED, Role: '', PosixProfile: { Uid: 1, Gid: 2 }, HomeDirectoryDetails: '' });
    assert.deepEqual(await ask(providerOf(), testLogin(), CANARY), {
      posixProfile: { uid: 1, gid: 2, secondaryGids: [] },
    });
  });

  it('secrets manager - FTP with a password of its own only, where that is asked for', async () => {
    put({ Password: 'plain', FTPPassword: 'own' });
    const provider = providerOf({ requireProtocolPassword: ['FTP', 'FTPS'] });
    assert.deepEqual(await ask(provider, testLogin({ protocol: 'FTP' }), 'own'), {});
    assert.equal(await ask(provider, testLogin({ protocol: 'FTP' }), 'plain'), 'BAD_CREDENTIALS');
    assert.equal(await ask(provider, testLogin({ protocol: 'FTPS' }), 'plain'), 'PASSWORD_NOT_ACCEPTED');
    assert.deepEqual(await ask(provider, testLogin(), 'plain'), {});
  });

  it('secrets manager - binary secrets hold JSON, or base64 of it', async () => {
    const json = Buffer.from(JSON.stringify(SEED));
    for (const bytes of [json, Buffer.from(json.toString('base64'))]) {
      server.secrets.set(NAME, { SecretBinary: bytes.toString('base64') });
      assert.equal(typeof (await ask(providerOf(), testLogin(), CANARY)), 'object');
    }
  });

  it('secrets manager - a secret that is no JSON object refuses its user', async () => {
    for (const SecretString of [
      CANARY,
      `{"Password":"${CANARY}"`,
      '[]',
      'null',
      '""',
      `{"Enabled":false,"Enabled":true}`,
    ]) {
      server.secrets.set(NAME, { SecretString });
      assert.equal(await ask(providerOf(), testLogin(), CANARY), 'RECORD_INVALID');
    }
    server.secrets.set(NAME, {});
    assert.equal(await ask(providerOf(), testLogin(), CANARY), 'RECORD_INVALID');
  });

  it('secrets manager - errors: who is missing or deleted is unknown, all else is a fault', async () => {
    const codes = {
      ResourceNotFoundException: 'USER_UNKNOWN',
      InvalidRequestException: 'USER_UNKNOWN',
      AccessDeniedException: 'CONFIGURATION_INVALID',
      DecryptionFailure: 'CONFIGURATION_INVALID',
      InvalidParameterException: 'CONFIGURATION_INVALID',
      UnrecognizedClientException: 'CONFIGURATION_INVALID',
      ThrottlingException: 'UPSTREAM_FAILED',
      InternalServiceError: 'UPSTREAM_FAILED',
    };
    for (const [error, code] of Object.entries(codes)) {
      server.errors.set(NAME, error);
      assert.equal(await ask(providerOf(), testLogin(), CANARY), code, error);
    }
  });

  it('secrets manager - a service that is away or silent is a fault, within the time of the login', async () => {
    const away = providerOf({ endpoint: 'http://127.0.0.1:9' });
    assert.equal(await ask(away, testLogin(), CANARY), 'UPSTREAM_UNREACHABLE');
    server.isSilent = true;
    const login = () => testLogin({ signal: AbortSignal.timeout(100) });
    assert.equal(await ask(providerOf(), login(), CANARY), 'UPSTREAM_TIMED_OUT');
    assert.equal(await ask(providerOf({ cacheSeconds: 1 }), login(), CANARY), 'UPSTREAM_TIMED_OUT');
    const gone = testLogin({ signal: AbortSignal.abort() });
    assert.equal(await ask(providerOf({ cacheSeconds: 1 }), gone, CANARY), 'UPSTREAM_TIMED_OUT');
  });

  it('secrets manager - a service that keeps failing is left alone, missing secrets are no failure', async () => {
    const provider = providerOf();
    for (const [error, count] of [
      ['ResourceNotFoundException', 10],
      ['InternalServiceError', 5],
    ] as const) {
      server.errors.set(NAME, error);
      for (let login = 0; login < count; login += 1) await ask(provider, testLogin(), CANARY);
    }
    const askedCount = server.asked.length;
    assert.equal(await ask(provider, testLogin(), CANARY), 'UPSTREAM_SUSPENDED');
    assert.equal(server.asked.length, askedCount);
  });

  it('secrets manager - further names are tried only where there is no secret', async () => {
    const provider = providerOf({ secretNames: ['aws/transfer/{serverId}/{userName}', 'SFTP/{userName}'] });
    put({ Password: CANARY, Role: 'old' }, 'SFTP/jdoe');
    assert.deepEqual(await ask(provider, testLogin(), CANARY), { role: 'old' });
    assert.deepEqual(server.asked, [NAME, 'SFTP/jdoe']);
    for (const error of ['AccessDeniedException', 'InvalidRequestException']) {
      server.asked.length = 0;
      server.errors.set(NAME, error);
      await ask(provider, testLogin(), CANARY);
      assert.deepEqual([...new Set(server.asked)], [NAME]);
    }
  });

  it('secrets manager - no name leads to the secret of somebody else', async () => {
    put(SEED, 'aws/transfer/s-0123456789abcdef0/x/../jdoe');
    for (const userName of ['x/../jdoe', '../jdoe', 'jdoe/', 'a b', ''])
      assert.equal(await ask(providerOf(), testLogin({ userName }), CANARY), 'USER_UNKNOWN');
    assert.deepEqual(server.asked, []);
    assert.equal(secretsManagerOptions.safeParse({ secretNames: ['aws/{user}'] }).success, false);
    assert.equal(secretsManagerOptions.safeParse({ secretNames: ['everybody'] }).success, false);
  });

  it('secrets manager - every login asks, unless secrets may be remembered', async () => {
    put(SEED);
    const asking = providerOf();
    await Promise.all([ask(asking, testLogin(), CANARY), ask(asking, testLogin(), CANARY)]);
    assert.equal(server.asked.length, 2);
    const remembering = providerOf({ cacheSeconds: 30 });
    await Promise.all([ask(remembering, testLogin(), CANARY), ask(remembering, testLogin(), CANARY)]);
    await ask(remembering, testLogin(), 'wrong');
    assert.equal(server.asked.length, 3);
    await ask(remembering, testLogin({ userName: 'msmith' }), 'x');
    await ask(remembering, testLogin({ userName: 'msmith' }), 'x');
    assert.equal(server.asked.length, 5);
  });

  it('secrets manager - the previous password is taken for so many minutes, where that is allowed', async () => {
    const changedMs = Date.parse('2026-06-01T00:00:00Z');
    const SecretString = JSON.stringify({ Password: 'new', Role: 'new' });
    server.secrets.set(NAME, { SecretString, CreatedDate: changedMs / 1000 });
    put({ Password: 'old', Role: 'old' }, `${NAME} AWSPREVIOUS`);
    const after = (minutes: number, options: object) => providerOf(options, changedMs + minutes * 60_000);
    assert.deepEqual(await ask(after(9, { previousPasswordMinutes: 10 }), testLogin(), 'old'), {
      role: 'new',
    });
    assert.equal(
      await ask(after(9, { previousPasswordMinutes: 10 }), testLogin(), 'older'),
      'BAD_CREDENTIALS',
    );
    assert.equal(
      await ask(after(10, { previousPasswordMinutes: 10 }), testLogin(), 'old'),
      'BAD_CREDENTIALS',
    );
    assert.equal(await ask(after(0, {}), testLogin(), 'old'), 'BAD_CREDENTIALS');
  });
});

function linesOf(record: unknown): unknown {
  const keys =
    typeof record === 'object' && record !== null && 'publicKeys' in record ? record.publicKeys : [];
  return Array.isArray(keys) ? keys.map(({ line }: { line: string }) => line) : keys;
}
