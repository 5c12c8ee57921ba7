/** asyncssh; the calls are in `python/asyncssh_client.py`. */

import type { Client } from '../client.ts';
import { pythonClient } from './python.ts';

export const asyncssh: Client = pythonClient('asyncssh', 'ecdsa');
