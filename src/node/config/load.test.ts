import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { type TestContext, test } from 'node:test';
import { SECURITY_POLICIES } from '../../endpoint/security-policies.ts';
import { type Configuration, loadConfiguration } from './load.ts';
import { ConfigurationError } from './problem.ts';
import { EXAMPLE } from './reference.ts';
import { MAX_FILE_BYTES } from './source.ts';

const POLICY_NAMES = SECURITY_POLICIES.map((policy) => policy.SecurityPolicyName);
const FUNCTION = 'arn:aws:lambda:us-east-1:000000000000:function:f';

/** A small configuration that is right; tests break one thing in it. Lines are counted from 1. */
const GOOD = `\
storage:
  buckets:
    demo-bucket: { path: ./bucket }
roles:
  arn:aws:iam::000000000000:role/transfer-user: {}
functions:
  ${FUNCTION}:
    module: ./f.ts
servers:
  - IdentityProviderType: AWS_LAMBDA
    IdentityProviderDetails:
      Function: ${FUNCTION}
    listen: { SFTP: 127.0.0.1:2222 }
`;

async function writeConfiguration(t: TestContext, text: string | Uint8Array): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'drawbridge-config-'));
  t.after(() => rm(folder, { recursive: true }));
  const file = join(folder, 'drawbridge.yaml');
  await writeFile(file, text);
  return file;
}

async function load(
  t: TestContext,
  text: string,
  environment: Record<string, string> = {},
): Promise<Configuration> {
  return loadConfiguration({ file: await writeConfiguration(t, text), environment });
}

/** The error of a configuration that must be refused, its lines without the folder. */
async function refusal(t: TestContext, text: string | Uint8Array, environment: Record<string, string> = {}) {
  const file = await writeConfiguration(t, text);
  const error: unknown = await loadConfiguration({ file, environment }).then(
    () => assert.fail('the configuration was accepted'),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof ConfigurationError, String(error));
  return { code: error.code, lines: error.message.replaceAll(file, 'drawbridge.yaml').split('\n') };
}

test('load - fills in every default, resolves paths, and freezes', async (t) => {
  const file = await writeConfiguration(t, GOOD);
  const folder = resolve(file, '..');
  const configuration = await loadConfiguration({ file, environment: {} });
  assert.deepEqual(configuration, {
    origin: 'file',
    folder,
    directories: {},
    data: join(folder, 'data'),
    storage: {
      buckets: { 'demo-bucket': { path: join(folder, 'bucket') } },
      fileSystems: {},
      accessPoints: {},
      uploadMemoryMegabytes: 64,
    },
    roles: { 'arn:aws:iam::000000000000:role/transfer-user': {} },
    functions: {
      [FUNCTION]: {
        module: join(folder, 'f.ts'),
        environment: {},
        timeoutSeconds: 10,
        memoryMegabytes: 256,
        maxInstances: 8,
      },
    },
    servers: [
      {
        ServerId: configuration.servers[0]?.ServerId,
        Protocols: ['SFTP'],
        Domain: 'S3',
        IdentityProviderType: 'AWS_LAMBDA',
        IdentityProviderDetails: {
          Function: FUNCTION,
          SftpAuthenticationMethods: 'PUBLIC_KEY_OR_PASSWORD',
          KeyboardInteractive: 'DISABLED',
        },
        SecurityPolicyName: 'DrawbridgeSecurityPolicy-2026-11',
        TrustedUserCAKeys: [],
        DeniedNetworks: [],
        RevokedKeys: [],
        RevokedCertificates: [],
        ProtocolDetails: { SetStatOption: 'DEFAULT' },
        PartialUploads: 'STORE',
        S3StorageOptions: { DirectoryListingOptimization: 'DISABLED' },
        listen: { SFTP: { host: '127.0.0.1', port: 2222 } },
      },
    ],
    limits: {
      maxConnections: 1000,
      maxUnauthenticatedConnections: 100,
      maxUnauthenticatedPerAddress: 50,
      maxLoginAttempts: 6,
      loginGraceSeconds: 120,
      idleTimeoutSeconds: 1800,
      rekeyAfterMegabytes: 65_536,
    },
    shutdownGraceSeconds: 30,
    log: { level: 'info' },
  });
  assert.match(configuration.servers[0]?.ServerId ?? '', /^s-[0-9a-f]{17}$/);
  assert.ok(Object.isFrozen(configuration) && Object.isFrozen(configuration.servers[0]?.listen));
});

test('load - the example of the reference page is right', async (t) => {
  const configuration = await load(t, EXAMPLE);
  const [lambdaFunction] = Object.values(configuration.functions);
  assert.ok(lambdaFunction !== undefined && 'module' in lambdaFunction);
  assert.equal(lambdaFunction.environment.KEY, 'value');
  assert.equal(configuration.storage.fileSystems['fs-0123456789abcdef0']?.identity, 'profile');
});

test('load - the data folder of the command line wins, relative to the working directory', async (t) => {
  const file = await writeConfiguration(t, `data: ./other\n${GOOD}`);
  const { data } = await loadConfiguration({ file, dataOverride: 'here', environment: {} });
  assert.equal(data, resolve('here'));
});

test('load - without a file the embedded configuration keeps everything in the data folder', async () => {
  const configuration = await loadConfiguration({ dataOverride: '/srv/demo', environment: {} });
  assert.equal(configuration.origin, 'embedded');
  assert.equal(configuration.data, '/srv/demo');
  assert.deepEqual(configuration.storage.buckets, {
    'demo-bucket': { path: '/srv/demo/buckets/demo-bucket' },
  });
  assert.equal((await loadConfiguration({ environment: {} })).data, resolve('data'));
});

test('load - every security policy is taken, and files of host keys are looked for beside the configuration', async (t) => {
  for (const name of POLICY_NAMES) {
    const text = `SecurityPolicyName: ${name}\n    HostKeys: [./keys/a, /etc/b]\n    listen:`;
    const file = await writeConfiguration(t, GOOD.replace('listen:', text));
    const [server] = (await loadConfiguration({ file, environment: {} })).servers;
    assert.equal(server?.SecurityPolicyName, name);
    assert.deepEqual(server?.HostKeys, [resolve(file, '../keys/a'), '/etc/b']);
  }
});

test('load - IPv6, host names and port 0 are addresses', async (t) => {
  for (const [text, expected] of [
    ["'[::1]:2222'", { host: '::1', port: 2222 }],
    ['localhost:0', { host: 'localhost', port: 0 }],
    ['0.0.0.0:65535', { host: '0.0.0.0', port: 65535 }],
  ] as const) {
    const { servers } = await load(t, GOOD.replace('127.0.0.1:2222', text));
    assert.deepEqual(servers[0]?.listen.SFTP, expected);
  }
});

/** What is replaced in the good text, by what, and the whole message. */
const INVALID = {
  'an unknown key with a near one': [
    'listen:',
    'Listen:',
    [
      'drawbridge.yaml:10: servers[0].listen: is required',
      "drawbridge.yaml:13: servers[0].Listen: unknown key; did you mean 'listen'?",
    ],
  ],
  'an unknown key with no near one': [
    'storage:',
    'colour: red\nstorage:',
    'drawbridge.yaml:1: colour: unknown key; remove it, or use one of data, storage, roles, functions, directories, servers, limits, shutdownGraceSeconds, log',
  ],
  'a key of the API for later': [
    'listen:',
    'EndpointType: PUBLIC\n    listen:',
    'drawbridge.yaml:13: servers[0].EndpointType: is not supported by this version; remove it',
  ],
  'a key of ProtocolDetails for later': [
    'listen:',
    'ProtocolDetails: { PassiveIp: AUTO }\n    listen:',
    'drawbridge.yaml:13: servers[0].ProtocolDetails.PassiveIp: is not supported by this version; remove it',
  ],
  'an unknown security policy': [
    'listen:',
    'SecurityPolicyName: TransferSecurityPolicy-2019-11\n    listen:',
    `drawbridge.yaml:13: servers[0].SecurityPolicyName: must be one of ${POLICY_NAMES.join(', ')}`,
  ],
  'a security policy whose contents nobody knows': [
    'listen:',
    'SecurityPolicyName: TransferSecurityPolicy-PQ-SSH-FIPS-Experimental-2023-04\n    listen:',
    'drawbridge.yaml:13: servers[0].SecurityPolicyName: names a policy whose contents AWS does not publish; use TransferSecurityPolicy-FIPS-2025-03',
  ],
  'the host key of the API': [
    'listen:',
    'HostKey: x\n    listen:',
    "drawbridge.yaml:13: servers[0].HostKey: unknown key; did you mean 'HostKeys'?",
  ],
  'host keys without one': [
    'listen:',
    'HostKeys: []\n    listen:',
    'drawbridge.yaml:13: servers[0].HostKeys: must be a list of at least 1',
  ],
  'a misspelt key of a mapping with free keys': [
    'module:',
    'modul: x\n    module:',
    `drawbridge.yaml:8: functions["${FUNCTION}"].modul: unknown key; did you mean 'module'?`,
  ],
  'a function that is not configured': [
    'Function: arn:aws:lambda:us-east-1:000000000000:function:f',
    'Function: arn:aws:lambda:us-east-1:000000000000:function:g',
    "drawbridge.yaml:12: servers[0].IdentityProviderDetails.Function: no function 'arn:aws:lambda:us-east-1:000000000000:function:g' is configured; add it under functions:",
  ],
  'a function ARN that is none': [
    `  ${FUNCTION}:`,
    '  partners:',
    'drawbridge.yaml:7: functions.partners: is not a function ARN: it looks like arn:aws:lambda:us-east-1:000000000000:function:name',
  ],
  'a role ARN that is none': [
    'arn:aws:iam::000000000000:role/transfer-user: {}',
    'transfer-user: {}',
    'drawbridge.yaml:5: roles.transfer-user: is not a role ARN: it looks like arn:aws:iam::000000000000:role/name',
  ],
  'a policy without a version': [
    'role/transfer-user: {}',
    'role/transfer-user:\n      policy: { Statement: [] }',
    'drawbridge.yaml:6: roles["arn:aws:iam::000000000000:role/transfer-user"].policy.Version: is required',
  ],
  'a policy statement that is text': [
    'role/transfer-user: {}',
    "role/transfer-user:\n      policy: { Version: '2012-10-17', Statement: allow }",
    'drawbridge.yaml:6: roles["arn:aws:iam::000000000000:role/transfer-user"].policy.Statement: must be a statement or a list of statements',
  ],
  'a policy that is not understood': [
    'role/transfer-user: {}',
    "role/transfer-user:\n      policy:\n        Version: '2012-10-17'\n        Statement: [{ Effect: Allow, Action: s3:*, Resource: '*' }, { Effect: Maybe, Action: s3:*, Resource: '*' }]",
    'drawbridge.yaml:6: roles["arn:aws:iam::000000000000:role/transfer-user"].policy: Statement[1].Effect: "Maybe" is neither "Allow" nor "Deny"',
  ],
  'a bucket name with capitals': [
    'demo-bucket:',
    'Demo:',
    'drawbridge.yaml:3: storage.buckets.Demo: is not a bucket name: 3 to 63 of a-z 0-9 . and -, beginning and ending with a letter or digit',
  ],
  'a file system id that is none': [
    'roles:',
    '  fileSystems:\n    efs: { path: /mnt }\nroles:',
    'drawbridge.yaml:5: storage.fileSystems.efs: is not a file system id: "fs-" and 8 to 40 hexadecimal digits, such as fs-0123456789abcdef0',
  ],
  'one name for a bucket and an access point': [
    'roles:',
    '    fsap-01234567: { path: ./a }\n  fileSystems: { fs-01234567: { path: /mnt } }\n  accessPoints:\n    fsap-01234567: { fileSystem: fs-01234567 }\nroles:',
    'drawbridge.yaml:7: storage.accessPoints.fsap-01234567: is the name of a bucket too; rename one of them',
  ],
  'an access point of a file system that is not there': [
    'roles:',
    '  accessPoints:\n    fsap-01234567: { fileSystem: fs-01234567 }\nroles:',
    "drawbridge.yaml:5: storage.accessPoints.fsap-01234567.fileSystem: no file system 'fs-01234567' is configured; add it under storage.fileSystems",
  ],
  'one name for a bucket and a file system': [
    'roles:',
    '    fs-01234567: { path: ./a }\n  fileSystems:\n    fs-01234567: { path: /mnt }\nroles:',
    'drawbridge.yaml:6: storage.fileSystems.fs-01234567: is the name of a bucket too; rename one of them',
  ],
  'a protocol of later': [
    'listen:',
    'Protocols: [FTPS]\n    listen:',
    'drawbridge.yaml:13: servers[0].Protocols[0]: FTPS is not served by this version; use SFTP',
  ],
  'an unknown protocol': [
    'listen:',
    'Protocols: [SCP]\n    listen:',
    'drawbridge.yaml:13: servers[0].Protocols[0]: must be one of SFTP',
  ],
  'an identity provider of later': [
    'AWS_LAMBDA',
    'SERVICE_MANAGED',
    'drawbridge.yaml:10: servers[0].IdentityProviderType: SERVICE_MANAGED is not supported by this version; use AWS_LAMBDA and a function with `provider: file`',
  ],
  'a directory that is not configured': [
    `AWS_LAMBDA\n    IdentityProviderDetails:\n      Function: ${FUNCTION}`,
    'AWS_DIRECTORY_SERVICE\n    IdentityProviderDetails:\n      DirectoryId: d-0123456789',
    "drawbridge.yaml:12: servers[0].IdentityProviderDetails.DirectoryId: no directory 'd-0123456789' is configured; add it under directories:",
  ],
  'a gateway without a URL, and with a function': [
    'AWS_LAMBDA',
    'API_GATEWAY',
    [
      'drawbridge.yaml:11: servers[0].IdentityProviderDetails.Url: is required with API_GATEWAY',
      'drawbridge.yaml:12: servers[0].IdentityProviderDetails.Function: does not go with API_GATEWAY; remove it',
    ],
  ],
  'an API key for a function': [
    'listen:',
    '  ApiKey: k\n    listen:',
    'drawbridge.yaml:13: servers[0].IdentityProviderDetails.ApiKey: does not go with AWS_LAMBDA; remove it',
  ],
  'a provider that is none': [
    'module: ./f.ts',
    'provider: okto',
    /provider: must be one of okta, cognito, entra/,
  ],
  'an option that the provider does not have': [
    'module: ./f.ts',
    "provider: okta\n    options: { orgUrl: 'https://example.okta.com', mfaa: appended }",
    /options\.mfaa: unknown key; did you mean 'mfa'\?/,
  ],
  'a misspelt kind of function': [
    'module: ./f.ts',
    'modul: ./f.ts',
    `drawbridge.yaml:8: functions["${FUNCTION}"].modul: unknown key; did you mean 'module'?`,
  ],
  'two kinds of function at once': [
    'module: ./f.ts',
    'module: ./f.ts\n    command: [python3]',
    `drawbridge.yaml:9: functions["${FUNCTION}"].command: does not go with module; remove the one or the other`,
  ],
  'an unknown authentication method': [
    'listen:',
    '  SftpAuthenticationMethods: KEY\n    listen:',
    'drawbridge.yaml:13: servers[0].IdentityProviderDetails.SftpAuthenticationMethods: must be one of PASSWORD, PUBLIC_KEY, PUBLIC_KEY_OR_PASSWORD, PUBLIC_KEY_AND_PASSWORD',
  ],
  'a fingerprint that is none': [
    'listen:',
    'RevokedKeys: [SHA256:abc]\n    listen:',
    'drawbridge.yaml:13: servers[0].RevokedKeys[0]: is not a fingerprint: "SHA256:" and 43 characters, as ssh-keygen -l prints it',
  ],
  'a server id that is none': [
    'listen:',
    'ServerId: s-1\n    listen:',
    'drawbridge.yaml:13: servers[0].ServerId: is not a server id: "s-" and 17 hexadecimal digits',
  ],
  'a banner with other characters': [
    'listen:',
    'PreAuthenticationLoginBanner: Grüezi\n    listen:',
    'drawbridge.yaml:13: servers[0].PreAuthenticationLoginBanner: may hold only printable ASCII characters, tabs and line breaks',
  ],
  'an address without a port': [
    '127.0.0.1:2222',
    '127.0.0.1',
    'drawbridge.yaml:13: servers[0].listen.SFTP: is not an address: write host:port or [IPv6 address]:port; port 0 takes any free port',
  ],
  'an IPv6 address without brackets': [
    '127.0.0.1:2222',
    "'::1:2222'",
    'drawbridge.yaml:13: servers[0].listen.SFTP: is not an address: write host:port or [IPv6 address]:port; port 0 takes any free port',
  ],
  'a port that is too large': [
    '127.0.0.1:2222',
    '127.0.0.1:65536',
    'drawbridge.yaml:13: servers[0].listen.SFTP: is not an address: write host:port or [IPv6 address]:port; port 0 takes any free port',
  ],
  'an address used twice': [
    'listen:',
    `listen: { SFTP: 127.0.0.1:2222 }
  - IdentityProviderType: AWS_LAMBDA
    IdentityProviderDetails: { Function: '${FUNCTION}' }
    listen:`,
    'drawbridge.yaml:16: servers[1].listen.SFTP: servers[0] listens on 127.0.0.1 port 2222 already; choose another port',
  ],
  'a server id used twice': [
    'listen:',
    `listen: { SFTP: 127.0.0.1:0 }
    ServerId: s-0123456789abcdef0
  - IdentityProviderType: AWS_LAMBDA
    IdentityProviderDetails: { Function: '${FUNCTION}' }
    ServerId: s-0123456789abcdef0
    listen:`,
    "drawbridge.yaml:17: servers[1].ServerId: 's-0123456789abcdef0' is the id of servers[0] too; give this server an id of its own",
  ],
  'a number as text': [
    'module:',
    "timeoutSeconds: '10'\n    module:",
    `drawbridge.yaml:8: functions["${FUNCTION}"].timeoutSeconds: must be a number`,
  ],
  'a fraction': [
    'module:',
    'timeoutSeconds: 1.5\n    module:',
    `drawbridge.yaml:8: functions["${FUNCTION}"].timeoutSeconds: must be a whole number`,
  ],
  'a number out of range': [
    'module:',
    'timeoutSeconds: 901\n    module:',
    `drawbridge.yaml:8: functions["${FUNCTION}"].timeoutSeconds: must be at most 900`,
  ],
  'a limit of nothing': [
    'roles:',
    'limits: { maxConnections: 0 }\nroles:',
    'drawbridge.yaml:4: limits.maxConnections: must be at least 1',
  ],
  'an environment value that is a number': [
    'module:',
    'environment: { PIN: 1234 }\n    module:',
    `drawbridge.yaml:8: functions["${FUNCTION}"].environment.PIN: must be text; quote it if it looks like a number or true or false`,
  ],
  'an environment name that is none': [
    'module:',
    'environment: { a-b: c }\n    module:',
    `drawbridge.yaml:8: functions["${FUNCTION}"].environment.a-b: is not the name of an environment variable: letters, digits and _, not beginning with a digit`,
  ],
  'a trusted key that is none': [
    'listen:',
    'TrustedUserCAKeys: [ssh-ed25519 AAAAjunk]\n    listen:',
    'drawbridge.yaml:13: servers[0].TrustedUserCAKeys[0]: is not a key of an authority: the key is malformed',
  ],
  'a trusted key with options': [
    'listen:',
    'TrustedUserCAKeys: [cert-authority ssh-ed25519 AAAA]\n    listen:',
    'drawbridge.yaml:13: servers[0].TrustedUserCAKeys[0]: is not a key of an authority: it is not of the form "type base64 comment"',
  ],
  'an empty path': [
    './bucket',
    "''",
    'drawbridge.yaml:3: storage.buckets.demo-bucket.path: must be at least 1 character long',
  ],
  'a key with nothing': [
    'module: ./f.ts',
    'module:',
    `drawbridge.yaml:8: functions["${FUNCTION}"].module: is empty; it must be text; quote it if it looks like a number or true or false`,
  ],
  'a list where a mapping is': [
    'demo-bucket: { path: ./bucket }',
    '- a',
    'drawbridge.yaml:2: storage.buckets: must be a mapping (keys and values)',
  ],
} as const;

for (const [what, [good, bad, expected]] of Object.entries(INVALID)) {
  test(`invalid - ${what} is named with its line and the fix`, async (t) => {
    assert.ok(GOOD.includes(good), 'the test breaks nothing');
    const { code, lines } = await refusal(t, GOOD.replace(good, bad));
    assert.equal(code, 'INVALID');
    if (expected instanceof RegExp) assert.match(lines.join('\n'), expected);
    else assert.deepEqual(lines, typeof expected === 'string' ? [expected] : expected);
  });
}

test('invalid - all problems are reported at once', async (t) => {
  const { lines } = await refusal(t, 'servers: []\nlog: { level: loud }\n');
  assert.deepEqual(lines, [
    'drawbridge.yaml:1: servers: must hold at least one server',
    'drawbridge.yaml:2: log.level: must be one of debug, info, warn, error, silent',
  ]);
});

test('invalid - an empty file says what is missing', async (t) => {
  const { lines } = await refusal(t, '');
  assert.deepEqual(lines, ['drawbridge.yaml: is empty; it must be a mapping (keys and values)']);
});

test('file - one that does not exist is named', async () => {
  const file = join(tmpdir(), 'drawbridge-no-such-file.yaml');
  await assert.rejects(loadConfiguration({ file, environment: {} }), (error) => {
    assert.ok(error instanceof ConfigurationError);
    assert.equal(error.code, 'FILE_UNREADABLE');
    assert.match(error.message, /drawbridge-no-such-file\.yaml: cannot be read: ENOENT/);
    return true;
  });
});

test('file - a folder, a device and a huge file are refused', async (t) => {
  await assert.rejects(loadConfiguration({ file: tmpdir(), environment: {} }), { code: 'FILE_UNREADABLE' });
  await assert.rejects(loadConfiguration({ file: '/dev/zero', environment: {} }), { code: 'FILE_TOO_LARGE' });
  assert.equal((await refusal(t, '#'.repeat(MAX_FILE_BYTES + 1))).code, 'FILE_TOO_LARGE');
});

test('file - bytes that are not UTF-8 are refused', async (t) => {
  const { code, lines } = await refusal(t, Buffer.from([0x61, 0x3a, 0x20, 0xff]));
  assert.equal(code, 'SYNTAX');
  assert.deepEqual(lines, ['drawbridge.yaml: is not UTF-8 text; save it as UTF-8']);
});

const SYNTAX = {
  'a tab as indentation': ['storage:\n\tbuckets: {}\n', /^drawbridge\.yaml:2: /],
  'an open bracket': ['log: {\nservers: [\n', /^drawbridge\.yaml:\d: /],
  'a key written twice': ['log: {}\nlog: {}\n', /^drawbridge\.yaml:2: Map keys must be unique/],
  'a tag that nobody knows': ['data: !secret x\n', /^drawbridge\.yaml:1: Unresolved tag: !secret/],
  'two documents': ['log: {}\n---\nlog: {}\n', /^drawbridge\.yaml:2: /],
  'an alias without an anchor': ['data: *home\n', /^drawbridge\.yaml/],
  'aliases of aliases': [
    `a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: [*c,*c,*c,*c,*c,*c,*c,*c,*c]\n`,
    /uses more than 100 YAML aliases/,
  ],
} as const;

for (const [what, [text, message]] of Object.entries(SYNTAX)) {
  test(`syntax - ${what} is refused`, async (t) => {
    const { code, lines } = await refusal(t, text);
    assert.equal(code, 'SYNTAX');
    assert.match(lines.join('\n'), message);
  });
}

test('alias - a policy shared by two roles is fine', async (t) => {
  const { roles } = await load(
    t,
    GOOD.replace(
      'role/transfer-user: {}',
      "role/transfer-user: &shared { policy: { Version: '2012-10-17', Statement: { Effect: Allow, Action: s3:*, Resource: '*' } } }\n  arn:aws:iam::000000000000:role/other-user: *shared",
    ),
  );
  assert.deepEqual(Object.values(roles)[0], Object.values(roles)[1]);
});

test('variables - stand in values, with defaults, and never become structure', async (t) => {
  const { functions } = await load(
    t,
    GOOD.replace(
      'module:',
      'environment: { A: "${A}-${B:-none}", P: "${P}" }\n    timeoutSeconds: ${T}\n    module:',
    ),
    { A: 'x, B: y}\n', P: '0042', T: '7' },
  );
  const configured = functions[FUNCTION];
  assert.ok(configured !== undefined && 'module' in configured);
  const { environment, timeoutSeconds } = configured;
  assert.deepEqual(
    { environment, timeoutSeconds },
    { environment: { A: 'x, B: y}\n-none', P: '0042' }, timeoutSeconds: 7 },
  );
});

test('variables - an unset one is named with its key', async (t) => {
  const { code, lines } = await refusal(t, GOOD.replace('./bucket', "'${ROOT}/bucket'"));
  assert.equal(code, 'VARIABLE');
  assert.deepEqual(lines, [
    'drawbridge.yaml:3: storage.buckets.demo-bucket.path: the environment variable ROOT is not set; set it, or write ${ROOT:-default}',
  ]);
});

test('variables - a secret in a wrong place is not quoted', async (t) => {
  const text = GOOD.replace('module:', 'timeoutSeconds: ${T}\n    module:').replace(
    '127.0.0.1:2222',
    '"${T}"',
  );
  const { lines } = await refusal(t, text, { T: 's3cret' });
  assert.equal(lines.length, 2);
  assert.equal(lines.join().includes('s3cret'), false);
});
