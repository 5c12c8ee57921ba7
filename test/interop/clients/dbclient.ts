/** dropbear's `dbclient` as the transport of OpenSSH's `sftp`: what small devices speak. */

import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { type Client, type Login, PLAIN_CREDENTIALS, plainCredential } from '../client.ts';
import { runSuccessfully } from '../lab/command.ts';
import { sftpSession } from './openssh-sftp.ts';
import { programVersion } from './program.ts';

/** sftp gives its transport options in OpenSSH's own words; this takes what dbclient knows, in its order. */
const TRANSPORT = `#!/bin/sh
while [ $# -gt 0 ]; do
  case "$1" in
    -oPort*) port="\${1#-oPort }" ;;
    -l) user="$2"; shift ;;
    --) host="$2"; break ;;
  esac
  shift
done
exec dbclient DBCLIENT_OPTIONS -p "$port" -l "$user" -s "$host" sftp
`;

export const dbclient: Client = {
  name: 'dbclient',
  keyType: 'ecdsa',
  credentials: PLAIN_CREDENTIALS,
  // It knows no MAC that encrypts first, and no AES-GCM.
  server: 'policy 2022-03',
  depth: 'brief',
  version: (context) => programVersion({ program: 'dbclient', args: ['-V'], ...context }, /Dropbear v(\S+)/),
  async open(login) {
    const transport = await prepare(login);
    return sftpSession((lines) => runBatch(login, transport, lines));
  },
};

/** Lays out what dbclient looks for below the home folder. @returns the transport program */
async function prepare(login: Login): Promise<string> {
  const folder = path.join(login.scratch, '.ssh');
  await mkdir(folder, { recursive: true });
  // It knows hosts by name alone, without the port.
  const here = `[${login.host}]:${login.port} `;
  const lines = (await readFile(login.knownHostsFile, 'utf8')).split('\n');
  const known = lines
    .filter((line) => line.startsWith(here))
    .map((line) => line.replace(here, `${login.host} `));
  await writeFile(path.join(folder, 'known_hosts'), known.join('\n').concat('\n'));
  const options = await credentialOptions(login);
  const transport = path.join(login.scratch, 'transport');
  await writeFile(transport, TRANSPORT.replace('DBCLIENT_OPTIONS', options), { mode: 0o700 });
  return transport;
}

async function credentialOptions(login: Login): Promise<string> {
  const credential = plainCredential(login);
  if (credential.kind === 'password') return '';
  const file = path.join(login.scratch, 'dropbear_key');
  // The converter reads the older form of OpenSSH's private keys only.
  const pem = path.join(login.scratch, 'pem_key');
  await copyFile(credential.key.file, pem);
  const { environment, signal } = login;
  const run = (program: string, args: readonly string[]) =>
    runSuccessfully({ program, args, environment, signal });
  await run('ssh-keygen', ['-q', '-p', '-m', 'PEM', '-N', '', '-f', pem]);
  await run('dropbearconvert', ['openssh', 'dropbear', pem, file]);
  return `-i '${file}'`;
}

async function runBatch(login: Login, transport: string, lines: readonly string[]): Promise<string> {
  const credential = plainCredential(login);
  const password = credential.kind === 'password' ? { DROPBEAR_PASSWORD: credential.password } : {};
  const { output } = await runSuccessfully({
    program: 'sftp',
    args: ['-S', transport, '-b', '-', '-P', String(login.port), `${login.userName}@${login.host}`],
    environment: { ...login.environment, ...password, HOME: login.scratch },
    signal: login.signal,
    input: lines.map((line) => `${line}\n`).join(''),
  });
  return output;
}
