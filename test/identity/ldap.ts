/** The ldap provider and the directories behind AWS_DIRECTORY_SERVICE against OpenLDAP's slapd. */

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { Denied, IdentityFault } from '../../src/identity/decision.ts';
import { directoryOptions } from '../../src/identity/directory/options.ts';
import { createDirectoryProvider } from '../../src/identity/directory/provider.ts';
import { ldapOptions } from '../../src/identity/providers/ldap/options.ts';
import { createLdapProvider } from '../../src/identity/providers/ldap/provider.ts';
import type { Login, Person, PersonProvider } from '../../src/identity/providers/provider.ts';
import { Secret } from '../../src/identity/secret.ts';
import { Trace } from '../../src/identity/trace.ts';
import { makeWorkspace } from '../interop/lab/workspace.ts';
import { GROUPS, KEY, PASSWORD, PEOPLE, SID } from './slapd/entries.ts';
import {
  BASE,
  type Certificates,
  makeCertificates,
  SERVICE_DN,
  SERVICE_PASSWORD,
  type Slapd,
  startSlapd,
} from './slapd/server.ts';

const NEEDED_BYTES = 64 * 1024 * 1024;
const JDOE = `uid=jdoe,ou=people,${BASE}`;
const SURROUNDINGS = { region: 'us-east-1', folder: '/', now: Date.now, warn: () => {} };

/** Names that would be read as something else, were they not escaped. */
const INJECTIONS = [
  '*',
  'j*',
  'jdoe)(uid=*',
  '*)(uid=*))(|(uid=*',
  'jdoe\\2a',
  'jdoe\\',
  '(uid=jdoe)',
  `${JDOE}`,
].concat(['cn=x,ou=y', 'jdoe\0', 'jdoé', '\u202ejdoe', 'jdoe#', '"jdoe"', '<jdoe>', 'jdoe;', 'jdoe+uid=x']);

type Report = (name: string, work: () => Promise<void>) => Promise<void>;
type More = Readonly<Record<string, unknown>>;

export async function check(report: Report): Promise<void> {
  await using workspace = await makeWorkspace('drawbridge-ldap', NEEDED_BYTES);
  const certificates = await makeCertificates(join(workspace.path, 'certificates'));
  const entries = { people: PEOPLE, groups: GROUPS };
  await using first = await startSlapd(join(workspace.path, 'first'), certificates, entries);
  const subject = new Subject(first, certificates);
  await checkLogins(report, subject);
  await checkTransports(report, subject);
  await checkGroups(report, subject);
  await checkDirectory(report, subject);
  await using second = await startSlapd(join(workspace.path, 'second'), certificates, entries);
  await report('failover - with the first server killed the second one answers', async () => {
    await using provider = subject.provider({ servers: [first.ldapsUrl, second.ldapsUrl] });
    await provider.verify('jdoe');
    await first[Symbol.asyncDispose]();
    assert.equal((await provider.verify('jdoe')).userName, 'jdoe');
    assert.equal((await provider.lookUp('jdoe'))?.userName, 'jdoe');
  });
}

async function checkLogins(report: Report, subject: Subject): Promise<void> {
  await report('bind - a user is found and bound, and their attributes are read', async () => {
    await using provider = subject.provider();
    const { attributes, userName, subject: id } = await provider.verify('JDoe');
    assert.equal(userName, 'jdoe');
    assert.match(id, /^[0-9a-f-]{36}$/);
    assert.deepEqual(attributes.get('uidNumber'), ['2030']);
    await provider.check();
  });
  await report('bind - a wrong password, an unknown user and two entries are refused', async () => {
    await using provider = subject.provider();
    await assert.rejects(provider.verify('nokeys', 'wrong'), denied('BAD_CREDENTIALS'));
    await assert.rejects(provider.verify('nobody'), denied('USER_UNKNOWN'));
    await assert.rejects(provider.verify('twin'), denied('USER_AMBIGUOUS'));
    await assert.rejects(provider.verify('jdoe', ''), denied('PASSWORD_UNUSABLE'));
  });
  await report('bind - directly, with the name of the entry', async () => {
    await using provider = subject.provider({
      mode: 'direct',
      bindName: `uid={username},ou=people,${BASE}`,
      service: undefined,
    });
    assert.equal((await provider.verify('jdoe')).userName, 'jdoe');
    for (const name of INJECTIONS)
      await assert.rejects(provider.verify(name), (error) => error instanceof Denied);
  });
  await report('injection - no name finds somebody that it does not name', async () => {
    await using provider = subject.provider();
    for (const name of INJECTIONS) {
      await assert.rejects(provider.verify(name), denied('USER_UNKNOWN'));
      await assert.rejects(provider.lookUp(name), denied('USER_UNKNOWN'));
    }
  });
  await report('keys - a key login gets the keys of the entry, and none where there are none', async () => {
    await using provider = subject.provider();
    assert.deepEqual((await provider.lookUp('jdoe'))?.attributes.get('sshPublicKey'), [KEY]);
    assert.equal((await provider.lookUp('nokeys'))?.attributes.has('sshPublicKey'), false);
  });
  await report('state - an expired account is refused with a password and with a key', async () => {
    await using provider = subject.provider();
    await assert.rejects(provider.verify('expired'), denied('ACCOUNT_EXPIRED'));
    await assert.rejects(provider.lookUp('expired'), denied('ACCOUNT_EXPIRED'));
  });
  await report('ppolicy - a password that has to be changed is refused', async () => {
    await using provider = subject.provider();
    await assert.rejects(provider.verify('reset'), denied('PASSWORD_EXPIRED'));
    await assert.rejects(provider.lookUp('reset'), denied('PASSWORD_EXPIRED'));
  });
  await report('ppolicy - after two wrong passwords the account is locked, for keys too', async () => {
    await using provider = subject.provider();
    for (let attempt = 0; attempt < 2; attempt += 1)
      await assert.rejects(provider.verify('lockme', 'wrong'), (error) => error instanceof Denied);
    await assert.rejects(provider.verify('lockme'), denied('ACCOUNT_LOCKED'));
    await assert.rejects(provider.lookUp('lockme'), denied('ACCOUNT_LOCKED'));
  });
}

async function checkTransports(report: Report, { slapd, provider, certificates }: Subject): Promise<void> {
  await report('TLS - StartTLS', async () => {
    await using subject = provider({ servers: [slapd.ldapUrl], startTls: true });
    assert.equal((await subject.verify('jdoe')).userName, 'jdoe');
    assert.equal((await subject.lookUp('jdoe'))?.userName, 'jdoe');
  });
  await report('TLS - a name of the server that is not in its certificate is refused', async () => {
    for (const servers of [[slapd.ldapsUrl], [slapd.ldapUrl]]) {
      const tls = { caFile: certificates.caFile, serverName: 'dc1.corp.example' };
      await using subject = provider({ servers, startTls: true, tls });
      await assert.rejects(
        subject.verify('jdoe'),
        fault('UPSTREAM_UNREACHABLE', /ERR_TLS_CERT_ALTNAME_INVALID/),
      );
    }
  });
  await report('TLS - an authority that is not trusted is refused', async () => {
    await using subject = provider({ tls: {} });
    await assert.rejects(subject.verify('jdoe'), fault('UPSTREAM_UNREACHABLE'));
  });
  await report('TLS - a directory that wants it does not take our password without', async () => {
    await using subject = provider({ servers: [slapd.ldapUrl], allowPlaintext: true });
    await assert.rejects(subject.verify('jdoe'), fault('CONFIGURATION_INVALID', /result 13/));
  });
  await report('TLS - a client certificate is our identity (SASL EXTERNAL)', async () => {
    const { folder, caFile } = certificates;
    const tls = { caFile, certificateFile: join(folder, 'client.pem'), keyFile: join(folder, 'client.key') };
    await using subject = provider({ service: { method: 'external' }, tls });
    assert.equal((await subject.verify('jdoe')).userName, 'jdoe');
  });
}

async function checkGroups(report: Report, { provider }: Subject): Promise<void> {
  const cases: readonly (readonly [string, More, readonly string[]])[] = [
    ['memberOf', {}, ['sftp']],
    ['search', { strategy: 'search' }, ['posix', 'sftp']],
    ['nested', { nested: 'recursive' }, ['everybody', 'partners', 'sftp']],
  ];
  for (const [title, groups, names] of cases)
    await report(`groups - ${title}`, async () => {
      await using subject = provider({ groups });
      const person = await subject.verify('jdoe');
      assert.deepEqual(person.groups.map(({ name }) => name).sort(), names);
    });
  await report('groups - who is in none of the allowed ones is refused, with a key too', async () => {
    await using subject = provider({ allowedGroups: [`CN=sftp, OU=groups, ${BASE}`] });
    await subject.verify('jdoe');
    await assert.rejects(subject.lookUp('expired'), denied('ACCOUNT_EXPIRED'));
    await using narrow = provider({ allowedGroups: ['partners'] });
    await assert.rejects(narrow.verify('jdoe'), denied('NOT_ASSIGNED'));
    await assert.rejects(narrow.lookUp('jdoe'), denied('NOT_ASSIGNED'));
  });
}

async function checkDirectory(report: Report, { slapd, certificates }: Subject): Promise<void> {
  await report('directory - the access of a group by its SID', async () => {
    const Role = 'arn:aws:iam::000000000000:role/transfer-user';
    const options = directoryOptions.parse({
      preset: 'openldap',
      servers: [slapd.ldapsUrl],
      tls: { caFile: certificates.caFile },
      service: { method: 'simple', dn: SERVICE_DN, password: SERVICE_PASSWORD },
      domain: 'example.com',
      sidAttribute: 'sidText',
      accesses: [{ ExternalId: SID, Role, HomeDirectory: '/bucket/${transfer:UserName}' }],
    });
    await using subject = new Asked(createDirectoryProvider(options, SURROUNDINGS));
    const { record } = await subject.verify('jdoe@example.com');
    assert.deepEqual(record?.session, {
      role: Role,
      home: { type: 'PATH', directory: '/bucket/${transfer:UserName}' },
    });
  });
}

/** A provider for the slapd of the checks. */
class Subject {
  readonly slapd: Slapd;
  readonly certificates: Certificates;

  constructor(slapd: Slapd, certificates: Certificates) {
    this.slapd = slapd;
    this.certificates = certificates;
  }

  readonly provider = (more: More = {}): Asked => {
    const options = ldapOptions.parse({
      preset: 'openldap',
      servers: [this.slapd.ldapsUrl],
      tls: { caFile: this.certificates.caFile },
      service: { method: 'simple', dn: SERVICE_DN, password: SERVICE_PASSWORD },
      searchBase: BASE,
      ...more,
    });
    return new Asked(createLdapProvider(options, SURROUNDINGS));
  };
}

/** Asks a provider, and sees that nothing it leaves behind holds a password. */
class Asked implements AsyncDisposable {
  readonly #provider: PersonProvider;

  constructor(provider: PersonProvider) {
    this.#provider = provider;
  }

  async verify(userName: string, password = PASSWORD): Promise<Person> {
    const login = loginOf(userName);
    try {
      const step = await this.#provider.password(login, new Secret(password));
      assert.ok(step.outcome === 'verified');
      return step.person;
    } finally {
      assert.ok(!JSON.stringify(login.trace.steps).includes(PASSWORD));
    }
  }

  lookUp(userName: string): Promise<Person | undefined> {
    return this.#provider.lookUp(loginOf(userName));
  }

  async check(): Promise<void> {
    await this.#provider.check?.(AbortSignal.timeout(5000));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#provider.close();
  }
}

function loginOf(userName: string): Login {
  return {
    userName,
    protocol: 'SFTP',
    serverId: 's-0123456789abcdef0',
    sourceIp: '192.0.2.1',
    canPrompt: false,
    signal: AbortSignal.timeout(20_000),
    trace: new Trace(),
  };
}

function denied(code: string) {
  return (error: unknown) => {
    assert.ok(error instanceof Denied, inspect(error));
    assert.equal(error.code, code);
    assert.ok(!inspect(error, { depth: 9 }).includes(PASSWORD));
    return true;
  };
}

function fault(code: string, text = /./) {
  return (error: unknown) => {
    assert.ok(error instanceof IdentityFault, inspect(error));
    assert.equal(error.code, code);
    assert.match(error.message, text);
    assert.ok(!inspect(error, { depth: 9 }).includes(PASSWORD));
    return true;
  };
}
