import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { inspect } from 'node:util';
import pg from 'pg';
import { testLogin, testSurroundings } from '../../records/testing/login.ts';
import { Secret } from '../../secret.ts';
import { sqlOptions } from './options.ts';
import { createSqlProvider } from './provider.ts';
import { SqlRecordStore } from './store.ts';
import { type PostgresqlServer, startPostgresql } from './testing/postgresql-server.ts';

const CANARY = 'canary-a11c';
const KEY = { userName: 'jdoe', serverId: 's-0123456789abcdef0', protocol: 'SFTP' } as const;
/** Length and code, nothing of ours. */
const SSL_REQUEST_BYTES = 8;
const { signal } = new AbortController();

describe('postgresql', () => {
  let server: PostgresqlServer;
  let admin: pg.Client;

  before(async () => {
    server = await startPostgresql();
    admin = new pg.Client(server);
    await admin.connect();
    await admin.query(`
      CREATE TABLE users (user_name text PRIMARY KEY, password text, "FTPPassword" text, role text, enabled boolean,
        valid_to timestamptz, protocols text[], posix_profile jsonb, home_directory_details jsonb);
      INSERT INTO users VALUES ('jdoe', '${CANARY}', NULL, 'arn', true, '2030-01-01T00:00:00Z', '{SFTP,FTP}',
        '{"Uid":2030,"Gid":2030}', '[{"Entry":"/","Target":"/fs-1/jdoe"}]');
    `);
  });

  after(async () => {
    await admin.end();
    await server[Symbol.asyncDispose]();
  });

  function optionsOf(more: object = {}) {
    const { host, user, database: name } = server;
    return sqlOptions.parse({ postgresql: { host, user, name }, ...more });
  }

  it('postgresql - a row with its types is a record', async () => {
    const provider = createSqlProvider(optionsOf(), testSurroundings());
    const step = await provider.password(testLogin(), new Secret(CANARY));
    assert.equal(step.outcome, 'verified');
    const { record } = step.outcome === 'verified' ? step.person : {};
    assert.equal(record?.validToMs, Date.parse('2030-01-01T00:00:00Z'));
    assert.deepEqual(record?.protocols, ['SFTP', 'FTP']);
    assert.deepEqual(record?.session.posixProfile, { uid: 2030, gid: 2030, secondaryGids: [] });
    assert.equal(record?.session.home?.type, 'LOGICAL');
    await assert.rejects(provider.password(testLogin(), new Secret('wrong')), { code: 'BAD_CREDENTIALS' });
    await assert.rejects(provider.password(testLogin({ userName: "x' OR '1'='1" }), new Secret(CANARY)), {
      code: 'USER_UNKNOWN',
    });
    await provider.check?.(signal);
    await provider.close();
  });

  it('postgresql - a plain password is replaced by a hash once it was given', async () => {
    await admin.query(`INSERT INTO users (user_name, password) VALUES ('msmith', '${CANARY}')`);
    const surroundings = testSurroundings();
    const provider = createSqlProvider(optionsOf({ rehash: true }), surroundings);
    const login = () => provider.password(testLogin({ userName: 'msmith' }), new Secret(CANARY));
    await Promise.all([login(), login()]);
    const { rows } = await admin.query("SELECT password FROM users WHERE user_name = 'msmith'");
    assert.match(rows[0].password, /^\$argon2id\$/);
    assert.equal((await login()).outcome, 'verified');
    assert.deepEqual(surroundings.warnings, []);
    await provider.close();
  });

  it('postgresql - a query that takes too long is given up with the login', async () => {
    const store = new SqlRecordStore(
      optionsOf({ query: 'SELECT pg_sleep(2), :userName AS x' }),
      testSurroundings(),
    );
    const given = AbortSignal.timeout(100);
    await assert.rejects(store.find(KEY, given), { code: 'UPSTREAM_TIMED_OUT' });
    await store.close();
  });

  it('postgresql - errors are faults with their code, and quote nothing', async () => {
    const find = async (more: object) => {
      const store = new SqlRecordStore(optionsOf(more), testSurroundings());
      try {
        return await store.find({ ...KEY, userName: CANARY }, signal);
      } finally {
        await store.close();
      }
    };
    const { host, user } = server;
    await assert.rejects(find({ table: 'people' }), { code: 'CONFIGURATION_INVALID' });
    await assert.rejects(find({ postgresql: { host, user, name: 'other' } }), {
      code: 'CONFIGURATION_INVALID',
    });
    await assert.rejects(find({ postgresql: { host: '/nowhere', user, name: 'x' } }), {
      code: 'UPSTREAM_UNREACHABLE',
    });
    await assert.rejects(
      find({ query: 'SELECT :userName::int' }),
      (error) => !inspect(error).includes(CANARY),
    );
  });

  it('postgresql - a server without TLS gets no password', async () => {
    const received: Buffer[] = [];
    const answers = createServer((socket) => {
      socket.on('error', () => {});
      // "No TLS here" (the manual's chapter on the message flow).
      socket.on('data', (bytes) => {
        received.push(Buffer.from(bytes));
        socket.write('N');
      });
    });
    await new Promise<void>((resolve) => answers.listen(0, '127.0.0.1', resolve));
    const address = answers.address();
    assert(typeof address === 'object' && address !== null);
    const postgresql = { host: '127.0.0.1', port: address.port, user: 'u', name: 'n', password: CANARY };
    const store = new SqlRecordStore(optionsOf({ postgresql }), testSurroundings());
    await assert.rejects(store.find(KEY, signal), { code: 'UPSTREAM_UNREACHABLE' });
    assert.equal(Buffer.concat(received).length, SSL_REQUEST_BYTES);
    await store.close();
    answers.close();
  });
});
