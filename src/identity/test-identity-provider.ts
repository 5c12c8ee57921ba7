/** The API's TestIdentityProvider: asks an identity provider as a login does, and says what it answered. */

import { isMembers, type Members } from './answer.ts';
import type { Decision } from './decision.ts';
import { ACCESS_MESSAGES } from './directory/access.ts';
import { IdentityError, type IdentityProvider } from './provider.ts';
import type { IdentityRequest } from './request.ts';

const OK = 200;
const INTERNAL_SERVER_ERROR = 500;

/** Of the server whose provider is asked. */
export type TestedProviderType = 'AWS_LAMBDA' | 'API_GATEWAY' | 'AWS_DIRECTORY_SERVICE';

export interface TestedProvider {
  readonly provider: IdentityProvider;
  readonly type: TestedProviderType;
  /** `Url` of the server's IdentityProviderDetails, with API_GATEWAY. */
  readonly url?: string;
}

/** The members of the API's answer. */
export interface IdentityProviderTest {
  /** The provider's answer as JSON; empty where there is none. */
  readonly Response: string;
  readonly StatusCode: number;
  readonly Message: string;
  readonly Url: string;
}

export interface TestResult {
  readonly test: IdentityProviderTest;
  readonly verdict: 'granted' | 'challenged' | 'refused' | 'failed';
  /** What the provider answered; absent where it gave no answer. */
  readonly answer?: unknown;
  /** What one of our own providers decided. */
  readonly decision?: Decision;
}

/** Asks once. What the provider answers is shown as it is; whether the server can use it is not judged. */
export async function testIdentityProvider(
  tested: TestedProvider,
  request: IdentityRequest,
  signal: AbortSignal,
): Promise<TestResult> {
  const decisions: Decision[] = [];
  const onDecision = (decision: Decision) => decisions.push(decision);
  const Url = urlOf(tested, request);
  try {
    const answer = await tested.provider.authenticate(request, { signal, onDecision });
    const test = { ...contentOf(tested, answer, request, decisions[0]), StatusCode: OK, Url };
    return { test, verdict: verdictOn(answer), answer, ...decided(decisions) };
  } catch (error) {
    if (!(error instanceof IdentityError)) throw error;
    const Message = failureMessage(tested, error);
    const test = { Response: '', StatusCode: INTERNAL_SERVER_ERROR, Message, Url };
    return { test, verdict: 'failed', ...decided(decisions) };
  }
}

/** The API's only sign of success is a role in the answer. */
function verdictOn(answer: unknown): 'granted' | 'challenged' | 'refused' {
  if (!isMembers(answer)) return 'refused';
  if (isMembers(answer.Challenge)) return 'challenged';
  return typeof answer.Role === 'string' && answer.Role.trim() !== '' ? 'granted' : 'refused';
}

function contentOf(
  { type }: TestedProvider,
  answer: unknown,
  request: IdentityRequest,
  decision: Decision | undefined,
): Pick<IdentityProviderTest, 'Response' | 'Message'> {
  if (type !== 'AWS_DIRECTORY_SERVICE') return { Response: JSON.stringify(answer) ?? '', Message: '' };
  const Message = Object.values(ACCESS_MESSAGES).find((text) => decision?.message.endsWith(text)) ?? '';
  if (verdictOn(answer) !== 'granted' || !isMembers(answer)) return { Response: '', Message };
  return { Response: JSON.stringify(directoryMembers(answer, request)), Message };
}

/** As the API shows a session of a directory: other spellings, `null` for what is absent, keys as one text. */
function directoryMembers(answer: Members, { username }: IdentityRequest): object {
  const { PublicKeys: keys } = answer;
  return {
    homeDirectory: answer.HomeDirectory ?? null,
    homeDirectoryDetails: answer.HomeDirectoryDetails ?? null,
    homeDirectoryType: answer.HomeDirectoryType ?? 'PATH',
    posixProfile: answer.PosixProfile ?? null,
    publicKeys: `[${Array.isArray(keys) ? keys.join(', ') : ''}]`,
    role: answer.Role,
    policy: answer.Policy ?? null,
    username,
    identityProviderType: null,
    userConfigMessage: null,
  };
}

/** A method that failed is told in the words of the API; of others the cause is worth more. */
function failureMessage({ type }: TestedProvider, { code, message }: IdentityError): string {
  return type === 'API_GATEWAY'
    ? 'Internal server error'
    : `Unable to call identity provider: ${code}, ${message}`;
}

/** Empty where the provider is no HTTP method, as the API requires the member. */
function urlOf({ url }: TestedProvider, { serverId, username }: IdentityRequest): string {
  if (url === undefined) return '';
  return `${url.replace(/\/+$/, '')}/servers/${serverId}/users/${encodeURIComponent(username)}/config`;
}

function decided([decision]: readonly Decision[]): { readonly decision?: Decision } {
  return decision === undefined ? {} : { decision };
}
