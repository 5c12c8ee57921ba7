/** pkg/sftp over x/crypto/ssh; the calls are in `go/main.go`. */

import { installed, libraryClient } from './driver.ts';

const PROGRAM = installed('go-clients/sftp-client');

export const pkgSftp = libraryClient(
  {
    name: 'pkg-sftp',
    keyType: 'ed25519',
    credentials: ['password', 'key', 'key and password', 'prompts', 'certificate'],
    depth: 'brief',
  },
  {
    program: PROGRAM,
    args: [],
    needs: PROGRAM,
    version: { args: ['version'], pattern: /^github.com\/pkg\/sftp v(\S+)/m },
  },
);
