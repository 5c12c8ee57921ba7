/** paramiko; the calls are in `python/paramiko_client.py`. */

import { libraryClient } from './driver.ts';
import { pythonDriver } from './python.ts';

export const paramiko = libraryClient(
  {
    name: 'paramiko',
    keyType: 'rsa',
    credentials: ['password', 'key', 'key and password', 'prompts', 'certificate'],
  },
  { ...pythonDriver('paramiko'), hashes: true },
);
