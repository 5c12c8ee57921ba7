/** ssh2-sftp-client from npm; the calls are in `node/ssh2_sftp_client.mjs`. */

import { installed, libraryClient, source } from './driver.ts';

const FOLDER = installed('npm-clients');
const PACKAGE = installed('npm-clients/node_modules/ssh2-sftp-client/package.json');

export const ssh2SftpClient = libraryClient(
  {
    name: 'ssh2',
    keyType: 'rsa',
    credentials: ['password', 'key', 'key and password', 'prompts'],
    depth: 'brief',
  },
  {
    program: process.execPath,
    args: [source('node/ssh2_sftp_client.mjs'), FOLDER],
    needs: PACKAGE,
    removesTrees: true,
    version: {
      args: ['-p', `'version ' + JSON.parse(fs.readFileSync(${JSON.stringify(PACKAGE)})).version`],
      pattern: /^version (\S+)/m,
    },
  },
);
