/**
 * One action with ssh2-sftp-client: reads a JSON request from standard input, prints the JSON result. The only argument is the
 * folder where the library is installed.
 */

import { createHash } from 'node:crypto';
import { appendFile, mkdir, readFile, stat } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { json } from 'node:stream/consumers';

const TIMEOUT_MS = 20_000;

const load = createRequire(path.join(process.argv[2], 'package.json'));
const SftpClient = load('ssh2-sftp-client');

/** Ways to log in, in this order, by the field of the request that they need. */
const METHODS = [
  ['keyFile', 'publickey'],
  ['answers', 'keyboard-interactive'],
  ['password', 'password'],
];

/** The known host keys of one address, each as its SHA-256. */
async function knownHostKeys(file, host, port) {
  const lines = (await readFile(file, 'utf8')).split('\n').map((line) => line.split(' '));
  return lines
    .filter(([name]) => name === `[${host}]:${port}`)
    .map(([, , key]) => createHash('sha256').update(Buffer.from(key, 'base64')).digest('hex'));
}

const ACTIONS = {
  list: async (sftp, directory) => (await sftp.list(directory)).map(({ name }) => name),
  // Chunks written side by side, out of order: what people use for speed.
  put: (sftp, local, remote) => sftp.fastPut(local, remote),
  get: (sftp, remote, local) => sftp.fastGet(remote, local),
  async resume_put(sftp, local, remote) {
    const { size } = await sftp.stat(remote);
    await sftp.append((await readFile(local)).subarray(size), remote);
  },
  async resume_get(sftp, remote, local) {
    const { size } = await stat(local);
    await appendFile(local, await sftp.get(remote, undefined, { readStreamOptions: { start: size } }));
  },
  rename: (sftp, from, to) => sftp.rename(from, to),
  make_directories: (sftp, directory) => sftp.mkdir(directory, true),
  put_tree: (sftp, local, remote) => sftp.uploadDir(local, remote),
  async get_tree(sftp, remote, local) {
    await mkdir(local);
    await sftp.downloadDir(remote, local);
  },
  remove: (sftp, file) => sftp.delete(file),
  remove_directory: (sftp, directory) => sftp.rmdir(directory),
  remove_tree: (sftp, directory) => sftp.rmdir(directory, true),
};

const request = await json(process.stdin);
const hostKeys = await knownHostKeys(request.knownHostsFile, request.host, request.port);
const sftp = new SftpClient();
sftp.client.on('keyboard-interactive', (_name, _instructions, _language, prompts, answer) => {
  answer(request.answers.splice(0, prompts.length));
});
try {
  await sftp.connect({
    host: request.host,
    port: request.port,
    username: request.userName,
    password: request.password,
    privateKey: request.keyFile === undefined ? undefined : await readFile(request.keyFile),
    // Its own order asks for the password first, whatever the server says is left.
    authHandler: METHODS.filter(([field]) => request[field] !== undefined).map(([, method]) => method),
    tryKeyboard: request.answers !== undefined,
    hostHash: 'sha256',
    hostVerifier: (fingerprint) => hostKeys.includes(fingerprint),
    readyTimeout: TIMEOUT_MS,
  });
  const result = await ACTIONS[request.action](sftp, ...request.arguments);
  console.log(JSON.stringify(Array.isArray(result) ? result : null));
} finally {
  await sftp.end();
}
