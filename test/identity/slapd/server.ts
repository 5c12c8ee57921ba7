/** OpenLDAP's slapd as an ordinary process on free ports, with its configuration, certificates and entries made for the run. */

import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runCommand } from '../../interop/lab/command.ts';
import { cleanEnvironment } from '../../interop/lab/environment.ts';
import { canConnect, freePort } from '../../interop/lab/port.ts';
import { ServerProcess } from '../../interop/lab/server-process.ts';

const HOST = '127.0.0.1';
const START_TIMEOUT_MS = 20_000;
const COMMAND_TIMEOUT_MS = 20_000;
const SLAPD = '/usr/sbin/slapd';
const SLAPADD = '/usr/sbin/slapadd';

export const BASE = 'dc=example,dc=com';
export const SERVICE_DN = `cn=svc,${BASE}`;
export const SERVICE_PASSWORD = 'service-secret';
const ROOT_DN = `cn=root,${BASE}`;
const ROOT_PASSWORD = 'root-secret';

/** What an authority signs for the server and for our client certificate. */
export interface Certificates {
  readonly folder: string;
  readonly caFile: string;
}

export interface Slapd extends AsyncDisposable {
  readonly ldapUrl: string;
  readonly ldapsUrl: string;
}

/** Made by openssl, which every Debian has. */
export async function makeCertificates(folder: string): Promise<Certificates> {
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'server.ext'), 'subjectAltName=DNS:localhost,IP:127.0.0.1\n');
  const request = ['req', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  await openssl(folder, [
    ...request,
    '-x509',
    '-days',
    '2',
    '-subj',
    '/CN=Test CA',
    '-keyout',
    'ca.key',
    '-out',
    'ca.pem',
  ]);
  for (const [name, subject] of [
    ['server', '/CN=localhost'],
    ['client', '/CN=svc-certificate'],
  ] as const) {
    await openssl(folder, [...request, '-subj', subject, '-keyout', `${name}.key`, '-out', `${name}.csr`]);
    const extension = name === 'server' ? ['-extfile', 'server.ext'] : [];
    await openssl(folder, [
      ...[
        'x509',
        '-req',
        '-days',
        '2',
        '-in',
        `${name}.csr`,
        '-CA',
        'ca.pem',
        '-CAkey',
        'ca.key',
        '-CAcreateserial',
      ],
      ...[...extension, '-out', `${name}.pem`],
    ]);
  }
  return { folder, caFile: join(folder, 'ca.pem') };
}

/** `people` are added before it starts; `groups` through the server, so that its overlays see them. */
export async function startSlapd(
  folder: string,
  certificates: Certificates,
  { people, groups }: { readonly people: string; readonly groups: string },
): Promise<Slapd> {
  await mkdir(join(folder, 'db'), { recursive: true });
  const configuration = join(folder, 'slapd.conf');
  await writeFile(configuration, slapdConf(folder, certificates.folder));
  await writeFile(join(folder, 'people.ldif'), people);
  await writeFile(join(folder, 'groups.ldif'), groups);
  await run(folder, SLAPADD, ['-f', configuration, '-l', join(folder, 'people.ldif')]);
  const [port, tlsPort] = [await freePort(HOST), await freePort(HOST)];
  const urls = { ldapUrl: `ldap://${HOST}:${port}`, ldapsUrl: `ldaps://${HOST}:${tlsPort}` };
  const server = await ServerProcess.start({
    program: SLAPD,
    args: ['-d', '0', '-h', `${urls.ldapUrl}/ ${urls.ldapsUrl}/`, '-f', configuration],
    environment: cleanEnvironment(folder),
    logFile: join(folder, 'slapd.log'),
  });
  try {
    await server.waitUntil(() => canConnect(HOST, tlsPort), START_TIMEOUT_MS);
    await add(folder, urls.ldapsUrl, certificates);
  } catch (error) {
    await server.stop();
    throw error;
  }
  return { ...urls, [Symbol.asyncDispose]: async () => void (await server.stop()) };
}

async function add(folder: string, url: string, { caFile }: Certificates): Promise<void> {
  const passwordFile = join(folder, 'root.password');
  await writeFile(passwordFile, ROOT_PASSWORD, { mode: 0o600 });
  const args = ['-x', '-H', url, '-D', ROOT_DN, '-y', passwordFile, '-f', join(folder, 'groups.ldif')];
  await run(folder, 'ldapadd', args, { LDAPTLS_CACERT: caFile });
}

async function openssl(folder: string, args: readonly string[]): Promise<void> {
  await run(folder, 'openssl', args);
}

async function run(
  folder: string,
  program: string,
  args: readonly string[],
  more: Readonly<Record<string, string>> = {},
): Promise<void> {
  const { exitCode, output, errorOutput } = await runCommand({
    program,
    args,
    environment: { ...cleanEnvironment(folder), ...more },
    workingDirectory: folder,
    signal: AbortSignal.timeout(COMMAND_TIMEOUT_MS),
  });
  if (exitCode !== 0) throw new Error(`${program} ended with ${exitCode}: ${output}${errorOutput}`);
}

function slapdConf(folder: string, certificates: string): string {
  return `include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/nis.schema
include /etc/ldap/schema/inetorgperson.schema
attributetype ( 1.3.6.1.4.1.24552.500.1.1.1.13 NAME 'sshPublicKey' EQUALITY octetStringMatch
  SYNTAX 1.3.6.1.4.1.1466.115.121.1.40 )
objectclass ( 1.3.6.1.4.1.24552.500.1.1.2.0 NAME 'ldapPublicKey' SUP top AUXILIARY MAY ( sshPublicKey $ uid ) )
attributetype ( 1.3.6.1.4.1.99999.1 NAME 'sidText' EQUALITY caseIgnoreMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 )
objectclass ( 1.3.6.1.4.1.99999.2 NAME 'withSid' SUP top AUXILIARY MAY sidText )
modulepath /usr/lib/ldap
moduleload back_mdb
moduleload memberof
moduleload ppolicy
pidfile ${folder}/slapd.pid
argsfile ${folder}/slapd.args
TLSCACertificateFile ${certificates}/ca.pem
TLSCertificateFile ${certificates}/server.pem
TLSCertificateKeyFile ${certificates}/server.key
TLSVerifyClient try
authz-regexp "^cn=svc-certificate$" "${SERVICE_DN}"
security simple_bind=56
database mdb
suffix "${BASE}"
rootdn "${ROOT_DN}"
rootpw ${ROOT_PASSWORD}
directory ${folder}/db
overlay memberof
overlay ppolicy
ppolicy_default "cn=policy,${BASE}"
ppolicy_use_lockout
access to attrs=userPassword by anonymous auth by * none
access to * by dn.exact="${SERVICE_DN}" read by self read by anonymous auth by * none
`;
}
