/** asyncssh; the calls are in `python/asyncssh_client.py`. */

import { libraryClient } from './driver.ts';
import { pythonDriver } from './python.ts';

export const asyncssh = libraryClient(
  {
    name: 'asyncssh',
    keyType: 'ecdsa',
    credentials: ['password', 'key', 'key and password', 'prompts', 'certificate'],
  },
  { ...pythonDriver('asyncssh'), removesTrees: true },
);
