/**
 * An identity-provider function that asks for a password and then for a code, as keyboard-interactive prompts. One user,
 * `prompted`; PROMPTED_PASSWORD, PROMPTED_CODE, PROMPTED_ROLE, PROMPTED_TARGET and (for keys) PROMPTED_PUBLIC_KEYS, one
 * line each, come from the environment.
 *
 * The code is asked for whatever the password was, and whoever the user is: only the end tells, and not what was wrong.
 */

import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';

const SIGNING_KEY = randomBytes(32);
const CHALLENGE = { Prompts: [{ Text: 'Verification code: ', Echo: true }] };

export async function handler(event) {
  const { PROMPTED_PASSWORD, PROMPTED_CODE, PROMPTED_PUBLIC_KEYS = '' } = process.env;
  const isUser = event.username === 'prompted';
  if (event.challengeAnswers !== undefined) {
    const isPasswordRight = event.state === stateFor(event, 'right');
    const isCodeRight = isSame(event.challengeAnswers[0] ?? '', PROMPTED_CODE);
    return isUser && isPasswordRight && isCodeRight ? grant() : {};
  }
  if (event.password !== undefined) {
    const isPasswordRight = isSame(event.password, PROMPTED_PASSWORD);
    return { Challenge: CHALLENGE, State: stateFor(event, isPasswordRight ? 'right' : 'wrong') };
  }
  return isUser ? { ...grant(), PublicKeys: PROMPTED_PUBLIC_KEYS.split('\n') } : {};
}

function grant() {
  return {
    Role: process.env.PROMPTED_ROLE,
    HomeDirectoryType: 'LOGICAL',
    HomeDirectoryDetails: JSON.stringify([{ Entry: '/', Target: process.env.PROMPTED_TARGET }]),
  };
}

/** Bound to the user, so that the state of one login does not serve another. The server keeps it; no client sees it. */
function stateFor({ username, sourceIp }, result) {
  return createHmac('sha256', SIGNING_KEY)
    .update(JSON.stringify([username, sourceIp, result]))
    .digest('hex');
}

function isSame(given, expected = '') {
  const [a, b] = [given, expected].map((text) => createHmac('sha256', SIGNING_KEY).update(text).digest());
  return expected !== '' && timingSafeEqual(a, b);
}
