/** Which second factor a login needs, before anything is asked. */

import { Denied } from '../decision.ts';
import type { SecondFactorOptions } from './options.ts';
import type { Login } from './provider.ts';

/** @throws Denied MFA_REQUIRED where prompts are required, and the client cannot show them */
export function secondFactorOf(
  { canPrompt }: Login,
  { mfa, plainPassword }: Pick<SecondFactorOptions, 'mfa' | 'plainPassword'>,
): SecondFactorOptions['mfa'] {
  if (mfa !== 'prompts' || canPrompt) return mfa;
  if (plainPassword === 'appended') return 'appended';
  throw new Denied('MFA_REQUIRED', 'The client cannot be asked for it.');
}
