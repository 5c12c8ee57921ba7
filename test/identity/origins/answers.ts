/** The example answers of origin text 002: as printed, as meant, and with members of the wrong type. */

import { ROLE } from '../../testing/served.ts';

/** A part of what the log says, or nothing where the user gets in. */
export interface Example {
  readonly what: string;
  /** Also the answer's key: user names are all that a function and a method tell apart here. */
  readonly userName: string;
  readonly domain: 'S3' | 'EFS';
  readonly answer: unknown;
  /** Of the refusal, or of what is tolerated; without it all is well. */
  readonly logged?: RegExp;
  readonly isRefused?: boolean;
  readonly by?: 'key';
}

/** The role that the text prints. */
export const PRINTED_ROLE = 'arn:aws:iam::000000000000:role/MyUserS3AccessRole';

/** The policy of "Amazon S3 example response", for our bucket. */
export const PREFIX_POLICY = JSON.stringify({
  Version: '2012-10-17',
  Statement: [
    {
      Condition: { StringLike: { 's3:prefix': ['user/*', 'user/'] } },
      Resource: 'arn:aws:s3:::bucket',
      Action: 's3:ListBucket',
      Effect: 'Allow',
      Sid: 'ListHomeDir',
    },
    {
      Resource: 'arn:aws:s3:::*',
      Action: [
        's3:PutObject',
        's3:GetObject',
        's3:DeleteObjectVersion',
        's3:DeleteObject',
        's3:GetObjectVersion',
        's3:GetObjectACL',
        's3:PutObjectACL',
      ],
      Effect: 'Allow',
      Sid: 'HomeDirObjectAccess',
    },
  ],
});

/** The answer that "Testing your configuration" shows. Its policy spells an action `s3:ListAllMybuckets`. */
export const TESTED_ANSWER = {
  Policy: JSON.stringify({
    Version: '2012-10-17',
    Statement: [
      {
        Sid: 'ReadAndListAllBuckets',
        Effect: 'Allow',
        Action: [
          's3:ListAllMybuckets',
          's3:GetBucketLocation',
          's3:ListBucket',
          's3:GetObjectVersion',
          's3:GetObjectVersion',
        ],
        Resource: '*',
      },
    ],
  }),
  Role: PRINTED_ROLE,
  HomeDirectory: '/',
};

const PATH_HOME = { Role: ROLE, HomeDirectory: '/bucket/user' };
const LOGICAL_HOME = {
  Role: ROLE,
  HomeDirectoryType: 'LOGICAL',
  HomeDirectoryDetails: JSON.stringify([{ Entry: '/', Target: '/bucket/user' }]),
};
const LOGICAL_TEXT = JSON.stringify({ ...LOGICAL_HOME, PublicKeys: [''] });
const EFS_PROFILE = { Uid: 65534, Gid: 65534 };

/** The file system of "Amazon EFS example response", whose Target lacks the `fs-`. */
export const FILE_SYSTEM = 'fs-faa1a123';
const efsHome = (fileSystem: string) => ({
  Role: ROLE,
  HomeDirectoryType: 'LOGICAL',
  HomeDirectoryDetails: JSON.stringify([{ Entry: '/', Target: `/${fileSystem}` }]),
  PublicKeys: [''],
});

export function examples(publicKey: string): readonly Example[] {
  const PublicKeys = [publicKey];
  return [
    ...s3Examples(PublicKeys),
    ...efsExamples(PublicKeys),
    ...wrongTypes(publicKey),
    {
      what: 'an empty object is no login',
      userName: 'empty',
      domain: 'S3',
      answer: {},
      logged: /NOT_AUTHENTICATED/,
      isRefused: true,
    },
    {
      what: 'an answer without Role is no login, whatever else it has',
      userName: 'roleless',
      domain: 'S3',
      answer: { HomeDirectory: '/bucket/user', PublicKeys, Role: '' },
      logged: /NOT_AUTHENTICATED/,
      isRefused: true,
    },
  ];
}

function s3Examples(PublicKeys: readonly string[]): readonly Example[] {
  const domain = 'S3';
  return [
    {
      what: 'the S3 example with its placeholders',
      userName: 'placeholders',
      domain,
      answer: {
        Role: 'IAM role with configured S3 permissions',
        PublicKeys: ['ssh-rsa public-key1', 'ssh-rsa public-key2'],
        Policy: 'STS Assume role session policy',
        HomeDirectory: '/bucketName/path/to/home/directory',
      },
      logged: /ROLE_INVALID/,
      isRefused: true,
    },
    {
      what: 'the S3 example, filled in, for a key',
      userName: 's3key',
      domain,
      answer: { ...PATH_HOME, PublicKeys, Policy: PREFIX_POLICY },
      by: 'key',
    },
    {
      what: 'the S3 example, filled in, for a password: its keys are ignored',
      userName: 's3password',
      domain,
      answer: { ...PATH_HOME, PublicKeys, Policy: PREFIX_POLICY },
      logged: /PublicKeys must not be returned for a password login/,
    },
    {
      what: 'the policy that is no policy',
      userName: 'badpolicy',
      domain,
      answer: { ...PATH_HOME, Policy: 'STS Assume role session policy' },
      logged: /POLICY_INVALID/,
      isRefused: true,
    },
    { what: 'an empty policy', userName: 'nopolicy', domain, answer: { ...PATH_HOME, Policy: '' } },
    { what: 'the LOGICAL example', userName: 'logical', domain, answer: JSON.parse(LOGICAL_TEXT) },
    {
      what: 'the LOGICAL example for a key: its empty key is none',
      userName: 'logicalkey',
      domain,
      answer: JSON.parse(LOGICAL_TEXT),
      by: 'key',
      logged: /PUBLIC_KEYS_MISSING/,
      isRefused: true,
    },
    {
      what: 'LOGICAL with a HomeDirectory that is in no mapping',
      userName: 'landing',
      domain,
      answer: {
        ...LOGICAL_HOME,
        HomeDirectoryDetails: JSON.stringify([{ Entry: '/a', Target: '/bucket' }]),
        HomeDirectory: '/b',
      },
      logged: /HOME_INVALID/,
      isRefused: true,
    },
    {
      what: 'LOGICAL without HomeDirectoryDetails',
      userName: 'nodetails',
      domain,
      answer: { Role: ROLE, HomeDirectoryType: 'LOGICAL' },
      logged: /HOME_DETAILS_MISSING/,
      isRefused: true,
    },
  ];
}

function efsExamples(PublicKeys: readonly string[]): readonly Example[] {
  const domain = 'EFS';
  const home = { Role: ROLE, HomeDirectory: `/${FILE_SYSTEM}`, PublicKeys };
  return [
    {
      what: 'the EFS example with its placeholders',
      userName: 'efsplaceholders',
      domain,
      answer: { ...home, PosixProfile: { Uid: 'POSIX user ID', Gid: 'POSIX group ID' } },
      logged: /POSIX_PROFILE_INVALID/,
      isRefused: true,
    },
    {
      what: 'the EFS example, filled in: ids in quotes are understood',
      userName: 'efsquoted',
      domain,
      answer: { ...home, PosixProfile: { Uid: '65534', Gid: '65534', SecondaryGids: [100] } },
      logged: /PosixProfile: Uid is a string/,
    },
    {
      what: 'the EFS example for a key',
      userName: 'efskey',
      domain,
      answer: { ...home, PosixProfile: EFS_PROFILE },
      by: 'key',
    },
    {
      what: 'the LOGICAL EFS example, whose file system is none',
      userName: 'efsprinted',
      domain,
      answer: { ...efsHome('faa1a123'), PosixProfile: EFS_PROFILE },
      logged: /HOME_INVALID.*STORAGE_UNKNOWN/,
      isRefused: true,
    },
    {
      what: 'the LOGICAL EFS example with the id of a file system',
      userName: 'efslogical',
      domain,
      answer: { ...efsHome(FILE_SYSTEM), PosixProfile: EFS_PROFILE },
    },
    {
      what: 'an EFS answer without PosixProfile',
      userName: 'noposix',
      domain,
      answer: efsHome(FILE_SYSTEM),
      logged: /POSIX_PROFILE_MISSING/,
      isRefused: true,
    },
  ];
}

function wrongTypes(publicKey: string): readonly Example[] {
  return [
    {
      what: 'an answer that is text, as printed with its backslashes',
      userName: 'text',
      domain: 'S3',
      answer: LOGICAL_TEXT,
      logged: /CONTRACT_VIOLATION.*a string/,
      isRefused: true,
    },
    {
      what: 'HomeDirectoryDetails as a list is understood',
      userName: 'detailslist',
      domain: 'S3',
      answer: { ...LOGICAL_HOME, HomeDirectoryDetails: [{ Entry: '/', Target: '/bucket/user' }] },
      logged: /HomeDirectoryDetails is an array/,
    },
    {
      what: 'a PosixProfile that is text',
      userName: 'posixtext',
      domain: 'EFS',
      answer: { ...efsHome(FILE_SYSTEM), PosixProfile: JSON.stringify(EFS_PROFILE) },
      logged: /POSIX_PROFILE_INVALID/,
      isRefused: true,
    },
    {
      what: 'a Policy that is an object',
      userName: 'policyobject',
      domain: 'S3',
      answer: { ...PATH_HOME, Policy: JSON.parse(PREFIX_POLICY) },
      logged: /POLICY_INVALID/,
      isRefused: true,
    },
    {
      what: 'PublicKeys that are text',
      userName: 'keystext',
      domain: 'S3',
      answer: { ...PATH_HOME, PublicKeys: publicKey },
      by: 'key',
      logged: /PUBLIC_KEYS_INVALID/,
      isRefused: true,
    },
    {
      what: 'a Role that is a list',
      userName: 'rolelist',
      domain: 'S3',
      answer: { ...PATH_HOME, Role: [ROLE] },
      logged: /ROLE_INVALID/,
      isRefused: true,
    },
    {
      what: 'PATH with HomeDirectoryDetails',
      userName: 'pathdetails',
      domain: 'S3',
      answer: { ...LOGICAL_HOME, HomeDirectoryType: 'PATH' },
      logged: /HOME_DETAILS_UNEXPECTED/,
      isRefused: true,
    },
  ];
}
