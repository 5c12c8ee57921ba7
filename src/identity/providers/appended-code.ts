/** Takes a one-time code off the end of a password (origin text 003, and what other systems do). */

import { Denied } from '../decision.ts';
import { Secret } from '../secret.ts';
import type { SecondFactorOptions } from './options.ts';

const CODE = /^[0-9]+$/;
/** Codes of YubiKeys are 44 letters of the modhex alphabet. */
const YUBIKEY_CODE = /^[cbdefghijklnrtuv]+$/;
const YUBIKEY_CODE_CHARACTERS = 44;

export interface PasswordAndCode {
  readonly password: Secret;
  readonly code: Secret;
}

/**
 * The split is decided before anything is asked: to try the whole first and then its parts would count as two attempts.
 * @throws Denied CODE_MISSING where the end is no code or nothing is before it
 */
export function splitAppendedCode(
  typed: Secret,
  { codeLength, codeSeparator }: Pick<SecondFactorOptions, 'codeLength' | 'codeSeparator'>,
): PasswordAndCode {
  const text = typed.reveal();
  const code = text.slice(-codeLength);
  const rest = text.slice(0, -codeLength);
  const isCode = codeLength === YUBIKEY_CODE_CHARACTERS ? YUBIKEY_CODE.test(code) : CODE.test(code);
  if (code.length !== codeLength || !isCode || !rest.endsWith(codeSeparator))
    throw new Denied('CODE_MISSING');
  const password = rest.slice(0, rest.length - codeSeparator.length);
  if (password === '') throw new Denied('CODE_MISSING');
  return { password: new Secret(password), code: new Secret(code) };
}
