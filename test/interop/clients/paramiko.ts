/** paramiko; the calls are in `python/paramiko_client.py`. */

import type { Client } from '../client.ts';
import { pythonClient } from './python.ts';

export const paramiko: Client = pythonClient('paramiko', 'rsa');
