import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { inspect } from 'node:util';
import fc from 'fast-check';
import { Denied } from '../decision.ts';
import type { IdentityProtocol } from '../request.ts';
import { PROTOCOLS, readRecord } from './reader.ts';
import type { RecordMembers } from './record.ts';

const CANARY = 'canary-5f1c';
const ED25519 = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEB';
const OTHER = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIC';
const NOW_MS = Date.parse('2026-06-01T00:00:00Z');

function read(members: RecordMembers, protocol: IdentityProtocol = 'SFTP') {
  return readRecord(members, { protocol, requireProtocolPassword: [], nowMs: NOW_MS });
}

function linesOf(members: RecordMembers): readonly string[] {
  return read(members).record.publicKeys.map(({ line }) => line);
}

function assertInvalid(members: RecordMembers, member: string): void {
  assert.throws(
    () => read(members),
    (error) => {
      assert(error instanceof Denied);
      assert.equal(error.code, 'RECORD_INVALID');
      assert.match(error.message, new RegExp(`${member}: `));
      assert(!inspect(error).includes(CANARY));
      return true;
    },
  );
}

describe('record', () => {
  it('record - the members of a secret become a session', () => {
    const { record } = read({
      Password: CANARY,
      Role: 'arn:aws:iam::111122223333:role/sftp',
      Policy: '{"Version":"2012-10-17","Statement":[]}',
      HomeDirectoryDetails: '[{"Entry":"/","Target":"/fs-0123/jdoe"}]',
      PosixProfile: '{"Uid":2030,"Gid":"2031","SecondaryGids":[7]}',
    });
    assert.equal(record.password?.reveal(), CANARY);
    assert.deepEqual(record.session, {
      role: 'arn:aws:iam::111122223333:role/sftp',
      policy: '{"Version":"2012-10-17","Statement":[]}',
      home: { type: 'LOGICAL', details: [{ Entry: '/', Target: '/fs-0123/jdoe' }] },
      posixProfile: { uid: 2030, gid: 2031, secondaryGids: [7] },
    });
    assert(!inspect(record, { depth: 9 }).includes(CANARY));
  });

  it('record - objects and lists are read as the JSON they would be', () => {
    const { session } = read({
      Policy: { Version: '2012-10-17' },
      HomeDirectoryMappings: [{ Entry: '/a', Target: '/b/c', Type: 'FILE' }],
      PosixProfile: { Uid: 1, Gid: 2, SecondaryGids: new Set([3]) },
    }).record;
    assert.equal(session.policy, '{"Version":"2012-10-17"}');
    assert.deepEqual(session.home?.details, [{ Entry: '/a', Target: '/b/c', Type: 'FILE' }]);
    assert.deepEqual(session.posixProfile, { uid: 1, gid: 2, secondaryGids: [3] });
  });

  it('record - the member of the protocol wins, exactly spelt, and hides the plain one even when empty', () => {
    const members = { Role: 'plain', FTPRole: 'ftp', FTPSRole: 'ftps', Password: 'p', FTPPassword: '' };
    assert.equal(read(members, 'SFTP').record.session.role, 'plain');
    assert.equal(read(members, 'FTP').record.session.role, 'ftp');
    assert.equal(read(members, 'FTPS').record.session.role, 'ftps');
    assert.equal(read(members, 'FTP').record.password, undefined);
    assert.equal(read(members, 'FTPS').record.password?.reveal(), 'p');
    assert.equal(read({ FTPSPassword: 'p' }, 'FTP').record.password, undefined);
  });

  it('record - a protocol that needs a password of its own takes no plain one', () => {
    const reading = { protocol: 'FTP', requireProtocolPassword: ['FTP'] } as const;
    const { record, remarks } = readRecord({ Password: CANARY }, reading);
    assert.equal(record.password, undefined);
    assert.deepEqual(remarks, [{ member: 'Password', text: 'It is not for FTP, which needs FTPPassword.' }]);
    const own = readRecord({ Password: 'a', FTPPassword: 'b' }, reading).record;
    assert.equal(own.password?.reveal(), 'b');
    assert.equal(own.isPasswordOfProtocol, true);
  });

  it('record - empty members are absent', () => {
    const { record } = read({ PosixProfile: '', Role: ' ', Policy: null, Password: '', Enabled: '' });
    assert.deepEqual(record, { enabled: true, isPasswordOfProtocol: false, publicKeys: [], session: {} });
  });

  it('record - values of a wrong type refuse the user and are not quoted', () => {
    assertInvalid({ Password: 123456 }, 'Password');
    assertInvalid({ Password: { canary: CANARY } }, 'Password');
    assertInvalid({ Role: ['arn'] }, 'Role');
    assertInvalid({ Policy: CANARY }, 'Policy');
    assertInvalid({ Policy: '[]' }, 'Policy');
    assertInvalid({ HomeDirectory: {} }, 'HomeDirectory');
    assertInvalid({ HomeDirectoryDetails: `[${CANARY}` }, 'HomeDirectoryDetails');
    assertInvalid({ HomeDirectoryDetails: { Entry: '/', Target: '/b' } }, 'HomeDirectoryDetails');
    assertInvalid({ HomeDirectoryDetails: [{ Entry: '/' }] }, 'HomeDirectoryDetails');
    assertInvalid({ HomeDirectoryDetails: [] }, 'HomeDirectoryDetails');
    assertInvalid({ HomeDirectoryType: 'LOGICAL', HomeDirectory: '/b' }, 'HomeDirectoryDetails');
    assertInvalid(
      { HomeDirectoryType: 'PATH', HomeDirectoryDetails: [{ Entry: '/', Target: '/b' }] },
      'HomeDirectoryType',
    );
    assertInvalid({ HomeDirectoryType: 'logical' }, 'HomeDirectoryType');
    assertInvalid({ PosixProfile: '{"Uid":"POSIX user ID","Gid":"POSIX group ID"}' }, 'PosixProfile');
    assertInvalid({ PosixProfile: { Uid: -1, Gid: 0 } }, 'PosixProfile');
    assertInvalid({ PosixProfile: 'no JSON' }, 'PosixProfile');
    assertInvalid({ Totp: CANARY }, 'Totp');
    assertInvalid({ Enabled: 'yes' }, 'Enabled');
    assertInvalid({ Protocols: ['AS2'] }, 'Protocols');
    assertInvalid({ ServerIds: 7 }, 'ServerIds');
    assertInvalid({ ValidTo: '2030-02-31' }, 'ValidTo');
    assertInvalid({ ValidFrom: 1767225600000 }, 'ValidFrom');
  });

  it('record - nothing is inherited from the prototype of the members', () => {
    assertInvalid(JSON.parse('{"__proto__":{},"FTPEnabled":true,"enabled":false}'), 'enabled');
    assert.deepEqual(read(Object.create({ Role: 'arn' })).record.session, {});
  });

  it('record - a misspelt condition refuses, another unknown member is a remark', () => {
    assertInvalid({ enabled: false }, 'enabled');
    assertInvalid({ SFTPacceptedIpNetwork: '10.0.0.0/8' }, 'SFTPacceptedIpNetwork');
    for (const name of ['ftp_enabled', 'ftpEnabled', 'sftp-valid-to', 'Ftps_Server_Ids'])
      assertInvalid({ [name]: '0' }, name);
    assert.deepEqual(read({ role: 'x', Colour: 'red', UserName: 'jdoe', Comment: 'c' }).remarks, [
      { member: 'role', text: 'It is misspelt; write Role.' },
      { member: 'Colour', text: 'It is not known.' },
    ]);
  });

  it('record - conditions in the forms that stores have', () => {
    const { record } = read({
      Enabled: 0,
      ValidFrom: '2026-01-01',
      ValidTo: '2026-12-31T12:00:00+02:00',
      Protocols: 'SFTP,FTPS',
      ServerIds: new Set(['s-1']),
      IdentityProviderUserName: 'john.doe',
    });
    assert.equal(record.enabled, false);
    assert.equal(record.validFromMs, Date.parse('2026-01-01T00:00:00Z'));
    assert.equal(record.validToMs, Date.parse('2026-12-31T10:00:00Z'));
    assert.deepEqual(record.protocols, ['SFTP', 'FTPS']);
    assert.deepEqual(record.serverIds, ['s-1']);
    assert.equal(record.identityProviderUserName, 'john.doe');
    assert.equal(read({ ValidTo: '1893456000' }).record.validToMs, 1893456000000);
    assert.equal(read({ ValidTo: '2030-01-01 00:00:00' }).record.validToMs, 1893456000000);
    assert.equal(read({ ValidTo: new Date(5000) }).record.validToMs, 5000);
  });

  it('record - networks of both families in every spelling; one that cannot be read refuses', () => {
    const accepted = '203.0.113.0/24, 2001:db8::/32 ::ffff:192.0.2.1,0.0.0.0/0';
    const networks = ['203.0.113.0/24', '2001:db8::/32', '::ffff:192.0.2.1', '0.0.0.0/0'];
    assert.deepEqual(read({ AcceptedIpNetwork: accepted }).record.sourceNetworks, networks);
    assert.deepEqual(read({ AcceptedIpNetworkList: networks }).record.sourceNetworks, networks);
    assert.deepEqual(read({ SFTPAcceptedIpNetworks: '::/0' }).record.sourceNetworks, ['::/0']);
    assert.deepEqual(read({ AcceptedIpNetwork: [] }).record.sourceNetworks, []);
    for (const broken of [
      '10.0.0.0/33',
      '10.0.0',
      '::1/129',
      '10.0.0.0/255.0.0.0',
      'fe80::1%eth0',
      '10.0.0.0/-1',
      'any',
    ])
      assertInvalid({ AcceptedIpNetwork: `192.0.2.1,${broken}` }, 'AcceptedIpNetwork');
    assertInvalid({ AcceptedIpNetwork: '::1', AcceptedIpNetworks: '::2' }, 'AcceptedIpNetworks');
  });

  it('record - a list of keys is split only before the type of a key', () => {
    const limited = `from="10.0.0.0/8,192.0.2.1" ${ED25519} a, b`;
    assert.deepEqual(linesOf({ PublicKey: `${limited} , ${OTHER} c` }), [limited, `${OTHER} c`]);
    assert.deepEqual(linesOf({ PublicKeys: [ED25519, '', OTHER] }), [ED25519, OTHER]);
    assert.deepEqual(linesOf({ PublicKey: JSON.stringify([ED25519, OTHER]) }), [ED25519, OTHER]);
    assert.deepEqual(linesOf({ PublicKey: `# mine\r\n${ED25519}\n\n${OTHER}\n` }), [ED25519, OTHER]);
    assert.deepEqual(linesOf({ PublicKeys: new Set([ED25519]) }), [ED25519]);
    assert.deepEqual(linesOf({ PublicKey: `,${ED25519},` }), [ED25519]);
    assertInvalid({ PublicKeys: [7] }, 'PublicKeys');
    assertInvalid({ PublicKey: '[broken' }, 'PublicKey');
  });

  it('record - keys that are broken or expired are left out with a remark', () => {
    const { record, remarks } = read({
      PublicKeys: [
        { PublicKey: ED25519, Expires: '2030-01-01T00:00:00Z' },
        { PublicKey: OTHER, Expires: '2020-01-01T00:00:00Z' },
        { PublicKey: OTHER, Expires: 'soon' },
        'ssh-rsa public-key1',
        'ssh-rsa AAAAC3NzaC1lZDI1NTE5AAAAIAEBAQEB',
      ],
    });
    assert.deepEqual(record.publicKeys, [{ line: ED25519, expiresAtMs: 1893456000000 }]);
    assert.equal(remarks.length, 4);
  });

  it('record - a one-time-password secret is base32 or a URI', () => {
    const { totp } = read({ Totp: 'jbsw y3dp-ehpk3pxp' }).record;
    assert.equal(totp?.secret.reveal(), 'JBSWY3DPEHPK3PXP');
    assert.deepEqual([totp?.digits, totp?.periodSeconds, totp?.algorithm], [6, 30, 'SHA1']);
    const uri = 'otpauth://totp/x:jdoe?secret=JBSWY3DPEHPK3PXP&digits=8&period=60&algorithm=SHA256&issuer=x';
    const ofUri = read({ Totp: uri }).record.totp;
    assert.deepEqual([ofUri?.digits, ofUri?.periodSeconds, ofUri?.algorithm], [8, 60, 'SHA256']);
    assertInvalid({ Totp: 'otpauth://hotp/x?secret=JBSWY3DPEHPK3PXP&counter=1' }, 'Totp');
    assertInvalid({ Totp: 'JBSWY3DP' }, 'Totp');
    assertInvalid({ Totp: `${'='.repeat(65_536)}x` }, 'Totp');
    assertInvalid({ Totp: 'otpauth://totp/x?secret=JBSWY3DPEHPK3PXP&digits=4' }, 'Totp');
  });

  it('record - any value of any member is read or refused, and nothing else', () => {
    const names = [
      'Password',
      'PublicKey',
      'PublicKeys',
      'Role',
      'Policy',
      'HomeDirectory',
      'HomeDirectoryDetails',
    ];
    const more = [
      'HomeDirectoryType',
      'PosixProfile',
      'AcceptedIpNetwork',
      'Enabled',
      'ValidTo',
      'Protocols',
      'Totp',
    ];
    const name = fc.constantFrom(...[...names, ...more].flatMap((each) => [each, `FTP${each}`]));
    fc.assert(
      fc.property(fc.dictionary(name, fc.jsonValue()), fc.constantFrom(...PROTOCOLS), (members, protocol) => {
        try {
          assert(read(members, protocol).record);
        } catch (error) {
          assert(error instanceof Denied, inspect(error));
        }
      }),
    );
  });
});
