import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { type TestContext, test } from 'node:test';
import { profilesOptions } from './options.ts';
import { createProfiles } from './profiles.ts';
import { loginOf, personOf, ROLE } from './testing/people.ts';

const KEY = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f jdoe';

async function profilesIn(t: TestContext, options: unknown, files: Readonly<Record<string, string>> = {}) {
  const folder = await mkdtemp(join(tmpdir(), 'profiles-'));
  t.after(() => rm(folder, { recursive: true }));
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
  const surroundings = { region: 'eu-west-1', folder, now: Date.now, warn: () => {} };
  const create = async () => {
    const profiles = await createProfiles(profilesOptions.parse(options), surroundings, 'corp');
    t.after(() => profiles.close());
    return profiles;
  };
  return { folder, create };
}

test('profile stores - a file has members, and somebody who is not in it is refused', async (t) => {
  const { create } = await profilesIn(
    t,
    { file: { path: 'users.json' } },
    {
      'users.json': JSON.stringify({ jdoe: { Role: ROLE, HomeDirectory: '/b/${user:local-name}' } }),
    },
  );
  const profiles = await create();
  await profiles.check(new AbortController().signal);
  const { session } = await profiles.find(personOf(), loginOf());
  assert.deepEqual(session, { role: ROLE, home: { type: 'PATH', directory: '/b/jdoe' } });
  await assert.rejects(profiles.find(personOf(), loginOf({ userName: 'other' })), { code: 'NOT_MAPPED' });
});

test('profile stores - a row of a table is laid over what is more general', async (t) => {
  const options = { static: { Role: ROLE, HomeDirectory: '/b' }, sql: { sqlite: { file: 'users.db' } } };
  const { folder, create } = await profilesIn(t, options);
  const database = new DatabaseSync(join(folder, 'users.db'));
  database.exec('CREATE TABLE users (user_name TEXT PRIMARY KEY, home_directory TEXT)');
  database.exec("INSERT INTO users VALUES ('jdoe', '/own/jdoe')");
  database.close();
  const { session } = await (await create()).find(personOf(), loginOf());
  assert.deepEqual(session, { role: ROLE, home: { type: 'PATH', directory: '/own/jdoe' } });
});

test('profile stores - keys are looked for on key logins only', async (t) => {
  const options = { static: { Role: ROLE }, publicKeys: { files: { file: '{userName}.pub' } } };
  const { create } = await profilesIn(t, options, { 'jdoe.pub': `${KEY}\n` });
  const profiles = await create();
  const keysOf = async (proofs: readonly 'password'[]) =>
    (await profiles.find(personOf({ proofs }), loginOf())).publicKeys.map(({ line }) => line);
  assert.deepEqual(await keysOf([]), [KEY]);
  assert.deepEqual(await keysOf(['password']), []);
});

test('profile stores - a database is one of both kinds', () => {
  assert.equal(profilesOptions.safeParse({ sql: {} }).success, false);
});
