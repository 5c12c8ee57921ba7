import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { lintFile, lintRecord } from './lint.ts';
import type { RecordMembers } from './record.ts';

const ROLE = 'arn:aws:iam::123456789012:role/transfer';
const KEY = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEB';
const CANARY = 'canary-91aa';

function found(members: RecordMembers): readonly string[] {
  return lintRecord(members).map(({ member, severity }) => `${severity} ${member}`);
}

describe('lint', () => {
  it('lint - a record in order has no problems', () => {
    const home = { HomeDirectoryDetails: '[{"Entry":"/","Target":"/demo-bucket/${transfer:UserName}"}]' };
    assert.deepEqual(
      lintRecord({ Role: ROLE, PublicKey: KEY, ...home, PosixProfile: '{"Uid":1,"Gid":1}' }),
      [],
    );
  });

  it('lint - origin 002: the placeholders of the Amazon S3 example are found', () => {
    const example = {
      Role: 'IAM role with configured S3 permissions',
      PublicKeys: ['ssh-rsa public-key1', 'ssh-rsa public-key2'],
      Policy: 'STS Assume role session policy',
      HomeDirectory: '/bucketName/path/to/home/directory',
    };
    assert.deepEqual(found(example), [
      'error PublicKeys',
      'error Role',
      'error Policy',
      'warning PublicKeys',
    ]);
  });

  it('lint - origin 002: the Amazon EFS example has ids and gids of a wrong type', () => {
    const SecondaryGids = ['Optional list of secondary Group IDs'];
    const example = {
      Role: 'IAM role with configured EFS permissions',
      PublicKeys: ['ssh-rsa public-key1', 'ssh-rsa public-key2'],
      PosixProfile: { Uid: 'POSIX user ID', Gid: 'POSIX group ID', SecondaryGids },
      HomeDirectory: '/fs-id/path/to/home/directory',
    };
    const problems = lintRecord(example).filter(({ member }) => member === 'PosixProfile');
    assert.match(problems[0]?.text ?? '', /Uid is not a number/);
    const ids = { ...example, PosixProfile: { Uid: 1, Gid: 1, SecondaryGids } };
    assert.match(
      lintRecord(ids).find(({ member }) => member === 'PosixProfile')?.text ?? '',
      /SecondaryGids/,
    );
  });

  it('lint - origin 002: logical homes of the examples are in order, the empty key is no key', () => {
    const s3 = { Role: ROLE, HomeDirectoryType: 'LOGICAL', PublicKeys: [''] };
    const details = '[{"Entry":"/","Target":"/my-home-bucket"}]';
    assert.deepEqual(found({ ...s3, HomeDirectoryDetails: details }), ['error PublicKeys']);
    const efs = { ...s3, HomeDirectoryDetails: '[{"Entry":"/","Target":"/faa1a123"}]', PublicKeys: [KEY] };
    assert.deepEqual(found({ ...efs, PosixProfile: { Uid: 65534, Gid: 65534 } }), ['warning PosixProfile']);
  });

  it('lint - details as a list work here and not with the AWS sample; a broken home is an error', () => {
    const list = { Role: ROLE, HomeDirectoryDetails: [{ Entry: '/', Target: '/b/x' }] };
    assert.deepEqual(found(list), ['warning HomeDirectoryDetails']);
    const overlap = '[{"Entry":"/a","Target":"/b"},{"Entry":"/a","Target":"/c"}]';
    assert.deepEqual(found({ Role: ROLE, HomeDirectoryDetails: overlap }), ['error HomeDirectoryDetails']);
    assert.deepEqual(found({ Role: ROLE, HomeDirectory: 'no/slash' }), ['error HomeDirectory']);
  });

  it('lint - plain, weak and unread passwords, and one that FTP shares', () => {
    const only = { Role: ROLE, Protocols: 'SFTP' };
    assert.deepEqual(found({ ...only, Password: CANARY }), ['warning Password']);
    assert.deepEqual(found({ ...only, Password: '$6$salt$hash' }), ['error Password']);
    assert.deepEqual(
      found({ ...only, Password: '$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHRzYWx0$aGFzaGhhc2hoYXNoaGFzaA' }),
      ['warning Password'],
    );
    assert.deepEqual(found({ Role: ROLE, Password: CANARY }), ['warning Password', 'warning Password']);
    assert.deepEqual(found({ Role: ROLE, Password: CANARY, FTPPassword: '' }), ['warning Password']);
    const same = lintRecord({ Role: ROLE, SFTPPassword: CANARY, FTPPassword: CANARY });
    assert(same.some(({ text }) => text.startsWith('FTP, which')));
    assert(!JSON.stringify(same).includes(CANARY));
  });

  it('lint - every error of a record is found at once, and named with its protocol', () => {
    const broken = { FTPRole: 7, Role: ROLE, Enabled: 'maybe', AcceptedIpNetwork: 'x', ValidTo: 'never' };
    assert.deepEqual(found(broken).toSorted(), [
      'error AcceptedIpNetwork',
      'error Enabled',
      'error FTPRole',
      'error ValidTo',
    ]);
  });

  it('lint - files: one record, a map, a table of DynamoDB with typed values', async (t) => {
    const folder = await mkdtemp(join(tmpdir(), 'drawbridge-lint-'));
    t.after(() => rm(folder, { recursive: true }));
    const lint = async (name: string, text: string) => {
      await writeFile(join(folder, name), text);
      return (await lintFile(join(folder, name))).map(
        ({ name: user, problems }) => `${user}: ${problems.map(({ member }) => member).join(' ')}`,
      );
    };
    assert.deepEqual(await lint('one.json', JSON.stringify({ Role: 'x' })), ['the record: Role']);
    assert.deepEqual(await lint('map.yaml', `jdoe: { Role: '${ROLE}' }\nmsmith: { Role: 7 }\nRobot: 1\n`), [
      'jdoe: ',
      'msmith: Role',
      'Robot: ',
    ]);
    const item = {
      UserName: { S: 'jdoe' },
      Role: { S: ROLE },
      PosixProfile: { M: { Uid: { N: '2030' }, Gid: { N: '2030' } } },
      HomeDirectoryDetails: { L: [{ M: { Entry: { S: '/' }, Target: { S: '/fs-1/jdoe' } } }] },
    };
    const expected = ['jdoe: PosixProfile HomeDirectoryDetails'];
    assert.deepEqual(await lint('scan.json', JSON.stringify({ Items: [item], Count: 1 })), expected);
    assert.deepEqual(await lint('export.json', `{"Item":${JSON.stringify(item)}}\n`), expected);
    await assert.rejects(lint('broken.yaml', `jdoe: { Password: ${CANARY}\n`), (error: Error) => {
      assert.match(error.message, /line \d/);
      return !error.message.includes(CANARY);
    });
  });
});
