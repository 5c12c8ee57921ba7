import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { inspect } from 'node:util';
import { IdentityFault } from '../decision.ts';
import { PasswordVerifier } from '../passwords/password-verifier.ts';
import { Secret } from '../secret.ts';
import type { RecordMembers, RecordStore } from './record.ts';
import { StoredCredentialsProvider, type StoredCredentialsSettings } from './stored-credentials.ts';
import { testLogin, testSurroundings } from './testing/login.ts';

const CANARY = 'canary-22e7';

function storeOf(members: RecordMembers | undefined): RecordStore {
  return { find: async () => members, close: async () => {} };
}

function providerOf(store: RecordStore, settings: Partial<StoredCredentialsSettings> = {}) {
  const surroundings = testSurroundings();
  const provider = new StoredCredentialsProvider(
    { name: 'test', store, passwords: new PasswordVerifier(), requireProtocolPassword: [], ...settings },
    surroundings,
  );
  return { provider, surroundings };
}

describe('stored credentials', () => {
  it('stored credentials - the right password proves the person, and nothing secret is traced', async () => {
    const { provider } = providerOf(storeOf({ Password: CANARY, Role: 'arn', Colour: 'red' }));
    const login = testLogin();
    const step = await provider.password(login, new Secret(CANARY));
    assert.equal(step.outcome, 'verified');
    assert.deepEqual(step.outcome === 'verified' && step.person.proofs, ['password']);
    assert.deepEqual(step.outcome === 'verified' && step.person.record?.session, { role: 'arn' });
    assert.deepEqual(
      login.trace.steps.map(({ step: name, outcome }) => `${name}: ${outcome}`),
      ['test: look-up: a record', 'test: Colour: It is not known.', 'test: password: right'],
    );
    assert(!inspect([login, step], { depth: 9 }).includes(CANARY));
  });

  it('stored credentials - an unknown user costs what a wrong password costs', async () => {
    const passwords = new PasswordVerifier();
    const imitated: string[] = [];
    passwords.imitate = async () => {
      imitated.push('once');
    };
    const unknown = providerOf(storeOf(undefined), { passwords }).provider;
    await assert.rejects(unknown.password(testLogin(), new Secret(CANARY)), { code: 'USER_UNKNOWN' });
    const without = providerOf(storeOf({ Role: 'arn' }), { passwords }).provider;
    await assert.rejects(without.password(testLogin(), new Secret(CANARY)), {
      code: 'PASSWORD_NOT_ACCEPTED',
    });
    assert.deepEqual(imitated, ['once', 'once']);
  });

  it('stored credentials - an empty password is never right', async () => {
    const { provider } = providerOf(storeOf({ Password: '' }));
    await assert.rejects(provider.password(testLogin(), new Secret('')), { code: 'BAD_CREDENTIALS' });
  });

  it('stored credentials - FTP and FTPS never log in without a password', async () => {
    const { provider } = providerOf(storeOf({ PublicKey: 'x' }));
    for (const protocol of ['FTP', 'FTPS'] as const)
      await assert.rejects(provider.lookUp(testLogin({ protocol })), { code: 'KEYS_NOT_ACCEPTED' });
    assert.equal((await provider.lookUp(testLogin())).proofs.length, 0);
  });

  it('stored credentials - a weak password is stored anew under its own name, with what it was', async () => {
    const changes: { member: string; from: string; to: string }[] = [];
    const store: RecordStore = {
      ...storeOf({ Password: 'x', FTPPassword: CANARY }),
      replacePassword: async (_key, { member, from, to }) => {
        changes.push({ member, from: from.reveal(), to: to.reveal() });
        return true;
      },
    };
    const { provider } = providerOf(store, { rehash: true });
    await provider.password(testLogin({ protocol: 'FTP' }), new Secret(CANARY));
    assert.equal(changes.length, 1);
    assert.deepEqual([changes[0]?.member, changes[0]?.from], ['FTPPassword', CANARY]);
    assert.match(changes[0]?.to ?? '', /^\$argon2id\$/);
    await assert.rejects(provider.password(testLogin(), new Secret('wrong')), { code: 'BAD_CREDENTIALS' });
    assert.equal(changes.length, 1);
  });

  it('stored credentials - a new hash that cannot be stored keeps nobody out', async () => {
    const store: RecordStore = {
      ...storeOf({ Password: CANARY }),
      replacePassword: () => Promise.reject(new IdentityFault('UPSTREAM_FAILED')),
    };
    const { provider, surroundings } = providerOf(store, { rehash: true });
    assert.equal((await provider.password(testLogin(), new Secret(CANARY))).outcome, 'verified');
    assert.equal(surroundings.warnings.length, 1);
    assert(!surroundings.warnings.join().includes(CANARY));
  });

  it('stored credentials - the previous password is one for the same protocols', async () => {
    const findPrevious = async () => ({ Password: CANARY });
    const ask = (members: RecordMembers) =>
      providerOf(storeOf(members), { findPrevious }).provider.password(
        testLogin({ protocol: 'FTP' }),
        new Secret(CANARY),
      );
    assert.equal((await ask({ Password: 'new' })).outcome, 'verified');
    await assert.rejects(ask({ FTPPassword: 'new' }), { code: 'BAD_CREDENTIALS' });
  });
});
