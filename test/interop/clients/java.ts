/** How the driver on Java libraries is started. */

import type { Client } from '../client.ts';
import { installed, libraryClient } from './driver.ts';

/** These libraries start slowly and run fast: a heap that needs no growth, and no second compiler. */
const JVM = ['-Xms64m', '-Xmx512m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-Xshare:auto'];
const DRIVER = installed('java-clients/driver.jar');
const CLASS_PATH = [DRIVER, installed('java-clients/lib/*')].join(':');

export const jsch = javaClient('jsch', {
  keyType: 'ed25519',
  credentials: ['password', 'key', 'key and password', 'prompts', 'certificate'],
});

export const sshj = javaClient('sshj', {
  // Not RSA: with a certificate of such a key sshj signs with SHA-1 only.
  keyType: 'ecdsa',
  credentials: ['password', 'key', 'key and password', 'prompts', 'certificate'],
});

// Its check-file wants a reply of a form that neither the draft nor any other client knows.
export const mina = javaClient('mina', {
  keyType: 'rsa',
  credentials: ['password', 'key', 'key and password', 'prompts', 'certificate'],
});

function javaClient(name: string, traits: Pick<Client, 'keyType' | 'credentials'>): Client {
  const args = [...JVM, '-cp', CLASS_PATH, 'drawbridge.interop.Main'];
  return libraryClient(
    { name, ...traits, depth: 'brief' },
    {
      program: 'java',
      args: [...args, name],
      needs: DRIVER,
      version: { args: [...args, name, 'version'], pattern: /^version (\S+)/m },
    },
  );
}
