/** Reads what Cognito answers to a password or to a challenge's response. */

import { z } from 'zod';
import { IdentityFault } from '../../decision.ts';
import { Secret } from '../../secret.ts';

const answerShape = z.looseObject({
  AuthenticationResult: z.looseObject({ IdToken: z.string().min(1) }).nullish(),
  ChallengeName: z.string().nullish(),
  Session: z.string().max(2048).nullish(),
  ChallengeParameters: z.record(z.string(), z.string().optional()).nullish(),
});

/** Cognito's question, with what it needs to recognise the answer. */
export interface Challenge {
  readonly name: string;
  readonly session: string;
  readonly parameters: ReadonlyMap<string, string>;
}

export type CognitoAnswer =
  | { readonly outcome: 'tokens'; readonly idToken: Secret }
  | { readonly outcome: 'challenge'; readonly challenge: Challenge };

/** Success is an AuthenticationResult and nothing else. @throws IdentityFault UPSTREAM_ANSWER_INVALID */
export function readAnswer(output: unknown): CognitoAnswer {
  const { success, data } = answerShape.safeParse(output);
  if (!success) throw invalid('The answer has not the form of the API.');
  const { AuthenticationResult: result, ChallengeName: name, Session: session } = data;
  const hasResult = result !== undefined && result !== null;
  const hasChallenge = name !== undefined && name !== null && name !== '';
  if (hasResult === hasChallenge) throw invalid('It is neither tokens nor a challenge, or both.');
  if (hasResult) return { outcome: 'tokens', idToken: new Secret(result.IdToken) };
  const parameters = Object.entries(data.ChallengeParameters ?? {}).flatMap(
    ([key, value]): [string, string][] => (value === undefined ? [] : [[key, value]]),
  );
  return {
    outcome: 'challenge',
    challenge: { name: name ?? '', session: session ?? '', parameters: new Map(parameters) },
  };
}

function invalid(detail: string): IdentityFault {
  return new IdentityFault('UPSTREAM_ANSWER_INVALID', `Cognito: ${detail}`);
}
