/** An identity provider that answers what the test says (tests only). */

import type { AuthenticateOptions, IdentityProvider } from '../provider.ts';
import type { IdentityRequest } from '../request.ts';

export type Answers = (request: IdentityRequest, options: AuthenticateOptions) => Promise<unknown>;

export function fakeProvider(answers: Answers): IdentityProvider {
  return { check: async () => {}, authenticate: answers, close: async () => {} };
}
