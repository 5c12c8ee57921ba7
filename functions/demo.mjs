/**
 * The demo identity provider: one user, kept in demo-user.json beside this file. Edit it, or write your own: it is an
 * ordinary identity-provider function of AWS Transfer Family and runs unchanged as an AWS Lambda function.
 *
 * Event: { username, password?, protocol, serverId, sourceIp }. Without a password the server asks which public keys
 * the user may log in with. An answer without Role is a refusal.
 */

import { argon2Sync, timingSafeEqual } from 'node:crypto';
import { readFileSync } from 'node:fs';

const ROLE = 'arn:aws:iam::000000000000:role/transfer-user';
const HOME = [{ Entry: '/', Target: '/demo-bucket' }];

export async function handler(event) {
  const user = JSON.parse(readFileSync(new URL('./demo-user.json', import.meta.url), 'utf8'));
  // The hash is computed for every name, so that the time of an answer does not tell which one exists.
  const isPasswordRight = event.password ? verify(event.password, user.passwordHash) : false;
  if (event.username !== user.userName) return {};
  const grant = { Role: ROLE, HomeDirectoryType: 'LOGICAL', HomeDirectoryDetails: JSON.stringify(HOME) };
  if (!event.password) return { ...grant, PublicKeys: user.publicKeys };
  return isPasswordRight ? grant : {};
}

/** Whether the password has this Argon2id hash, in PHC string form. */
function verify(password, phc) {
  const [, algorithm, , parameters, salt, hash] = phc.split('$');
  const { m, t, p } = Object.fromEntries(parameters.split(',').map((pair) => pair.split('=')));
  const expected = Buffer.from(hash, 'base64');
  const actual = argon2Sync(algorithm, {
    message: password,
    nonce: Buffer.from(salt, 'base64'),
    memory: Number(m),
    passes: Number(t),
    parallelism: Number(p),
    tagLength: expected.length,
  });
  return timingSafeEqual(actual, expected);
}
