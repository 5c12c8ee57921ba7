import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, it, type TestContext } from 'node:test';
import { inspect } from 'node:util';
import { testLogin, testSurroundings } from '../../records/testing/login.ts';
import { Secret } from '../../secret.ts';
import { sqlOptions } from './options.ts';
import { createSqlProvider } from './provider.ts';
import { SqlRecordStore } from './store.ts';

const CANARY = 'canary-c0de';
const KEY = { userName: 'jdoe', serverId: 's-0123456789abcdef0', protocol: 'SFTP' } as const;
const { signal } = new AbortController();

async function bench(t: TestContext, more: Readonly<Record<string, unknown>> = {}) {
  const folder = await mkdtemp(join(tmpdir(), 'drawbridge-sqlite-'));
  const file = join(folder, 'users.db');
  const database = new DatabaseSync(file);
  database.exec(`
    CREATE TABLE users (user_name TEXT PRIMARY KEY, password TEXT, ftp_password TEXT, role TEXT, "PosixProfile" TEXT,
      accepted_ip_network TEXT, enabled INTEGER);
    INSERT INTO users VALUES ('jdoe', '${CANARY}', NULL, 'arn', '{"Uid":1,"Gid":2}', NULL, 1);
    INSERT INTO users VALUES ('msmith', '${CANARY}', 'other', 'arn', NULL, '10.0.0.0/8', 0);
  `);
  t.after(async () => {
    database.close();
    await rm(folder, { recursive: true });
  });
  const options = sqlOptions.parse({ sqlite: { file: 'users.db' }, ...more });
  const surroundings = testSurroundings({ folder });
  return { database, options, surroundings, store: new SqlRecordStore(options, surroundings) };
}

function passwordOf(database: DatabaseSync, userName: string): unknown {
  return database.prepare('SELECT password FROM users WHERE user_name = ?').get(userName)?.password;
}

describe('sqlite', () => {
  it('sqlite - a row is a record, by columns in any spelling; NULL is absent', async (t) => {
    const { store } = await bench(t);
    const jdoe = { Password: CANARY, Role: 'arn', PosixProfile: '{"Uid":1,"Gid":2}', Enabled: 1 };
    assert.deepEqual(await store.find(KEY, signal), jdoe);
    const msmith = await store.find({ ...KEY, userName: 'msmith' }, signal);
    assert.deepEqual(
      [msmith?.FTPPassword, msmith?.AcceptedIpNetwork, msmith?.Enabled],
      ['other', '10.0.0.0/8', 0],
    );
    await store.check(signal);
    await store.close();
  });

  it('sqlite - a name is a value, never a part of the statement', async (t) => {
    const { store } = await bench(t);
    for (const userName of ["' OR 1=1 --", "jdoe'; DROP TABLE users; --", 'JDOE', '%', ''])
      assert.equal(await store.find({ ...KEY, userName }, signal), undefined);
    assert(await store.find(KEY, signal));
  });

  it('sqlite - a query of the operator takes the place of the table', async (t) => {
    const query = `SELECT password AS "SFTPPassword", json_object('Uid', 7, 'Gid', 8) AS posix_profile FROM users
      WHERE user_name = :userName AND :serverId LIKE 's-%' AND :protocol = 'SFTP'`;
    const { store } = await bench(t, { query });
    assert.deepEqual(await store.find(KEY, signal), {
      SFTPPassword: CANARY,
      PosixProfile: '{"Uid":7,"Gid":8}',
    });
    assert.equal(await store.find({ ...KEY, protocol: 'FTP' }, signal), undefined);
  });

  it('sqlite - several rows are nobody', async (t) => {
    const { store } = await bench(t, { query: "SELECT * FROM users WHERE :userName <> ''" });
    await assert.rejects(store.find(KEY, signal), { code: 'USER_AMBIGUOUS' });
  });

  it('sqlite - two columns of one member refuse the user', async (t) => {
    const query = 'SELECT *, 1 AS "Enabled" FROM users WHERE user_name = :userName';
    const { store } = await bench(t, { query });
    // SQLite's names of columns have a case.
    await assert.rejects(store.find({ ...KEY, userName: 'msmith' }, signal), { code: 'RECORD_INVALID' });
  });

  it('sqlite - what is missing is a fault that quotes nothing', async (t) => {
    const { surroundings } = await bench(t);
    const find = (more: object) =>
      new SqlRecordStore(sqlOptions.parse({ sqlite: { file: 'users.db' }, ...more }), surroundings).find(
        KEY,
        signal,
      );
    await assert.rejects(find({ sqlite: { file: 'missing.db' } }), { code: 'UPSTREAM_UNREACHABLE' });
    await assert.rejects(find({ table: 'people' }), { code: 'CONFIGURATION_INVALID' });
    await assert.rejects(
      find({ query: `SELECT '${CANARY}' FRM x` }),
      (error) => !inspect(error).includes(CANARY),
    );
  });

  it('sqlite - a plain password is replaced by a hash once it was given, and only where it is still the same', async (t) => {
    const { database, options, surroundings } = await bench(t, { rehash: true });
    const provider = createSqlProvider(options, surroundings);
    await provider.password(testLogin(), new Secret(CANARY));
    const hash = passwordOf(database, 'jdoe');
    assert.match(String(hash), /^\$argon2id\$/);
    assert.equal(passwordOf(database, 'msmith'), CANARY);
    await provider.password(testLogin(), new Secret(CANARY));
    assert.equal(passwordOf(database, 'jdoe'), hash);
    await assert.rejects(provider.password(testLogin(), new Secret(String(hash))), {
      code: 'BAD_CREDENTIALS',
    });
    const store = new SqlRecordStore(options, surroundings, { isReadOnly: false });
    const change = { member: 'Password', from: new Secret(CANARY), to: new Secret('x') };
    assert.equal(await store.replacePassword(KEY, change, signal), false);
    assert.deepEqual(surroundings.warnings, []);
    await provider.close();
    await store.close();
  });

  it('sqlite - without rehash the file is only read', async (t) => {
    const { options, database, surroundings } = await bench(t);
    const provider = createSqlProvider(options, surroundings);
    await provider.password(testLogin(), new Secret(CANARY));
    assert.equal(passwordOf(database, 'jdoe'), CANARY);
    await provider.close();
  });

  it('sqlite - options: one database, plain names of tables, no rehash with a query', () => {
    const sqlite = { file: 'x' };
    const postgresql = { host: 'h', name: 'n', user: 'u' };
    const broken = [
      {},
      { sqlite, postgresql },
      { sqlite, table: 'a; DROP' },
      { sqlite, query: 'x', rehash: true },
    ];
    for (const options of broken) assert.equal(sqlOptions.safeParse(options).success, false);
    assert.equal(sqlOptions.safeParse({ postgresql, table: 'auth.users' }).success, true);
  });
});
