/**
 * What the errors of Entra ID mean for a login. Microsoft warns that the numbers change: they choose only the code of a refusal, and
 * none of them ever lets anybody in.
 */

import { z } from 'zod';
import { type DenialCode, Denied, type FaultCode, IdentityFault } from '../../decision.ts';
import type { HttpAnswer } from '../../upstream/http.ts';

/** Numbers with one meaning. `words` are for the log. */
export interface ErrorClass {
  readonly meaning: { readonly denial: DenialCode } | { readonly fault: FaultCode };
  readonly words: string;
  readonly numbers: readonly number[];
}

const denial = (code: DenialCode, numbers: readonly number[], words = ''): ErrorClass => ({
  meaning: { denial: code },
  words,
  numbers,
});
const fault = (code: FaultCode, numbers: readonly number[], words: string): ErrorClass => ({
  meaning: { fault: code },
  words,
  numbers,
});

/** AADSTS numbers of Microsoft's list of authentication and authorization error codes. */
export const ERROR_CLASSES: readonly ErrorClass[] = [
  denial('BAD_CREDENTIALS', [50126, 50064, 50056]),
  // Users of other directories and unknown ones are one to whoever guesses; the log tells them apart by the number.
  denial('BAD_CREDENTIALS', [50034, 51004, 50020, 16000, 16003], 'There is no such user in the tenant.'),
  denial(
    'ACCOUNT_LOCKED',
    [50053],
    'Too many attempts, or from an address that Entra ID holds for malicious.',
  ),
  denial('PASSWORD_EXPIRED', [50055, 50144]),
  denial('PASSWORD_EXPIRED', [50125, 50135], 'Entra ID wants a new password or a registration first.'),
  denial('ACCOUNT_DISABLED', [50057]),
  denial('MFA_ENROLMENT_REQUIRED', [50072, 50079]),
  // The password was right then, which is nobody's business but the log's.
  denial('MFA_REQUIRED', [50074, 50076, 50078, 50158]),
  denial('CONDITIONAL_ACCESS', [50097, 50155, 50187, 53000, 53001, 53002], 'The policy is about devices.'),
  denial('CONDITIONAL_ACCESS', [50131, 53003, 530032, 530034, 530035, 53004, 53011]),
  denial('NOT_ASSIGNED', [50105]),
  // "Logon hours" of Active Directory.
  denial('TIME_REFUSED', [80012]),
  denial('THROTTLED', [50196], 'The same login came too often.'),
  denial('MFA_TIMED_OUT', [70019], 'The device code is expired.'),
  denial('STATE_INVALID', [70018, 90119, 90120], 'The device code is wrong or used up.'),
  fault('CONFIGURATION_INVALID', [65001, 65004, 90094], 'Consent is missing.'),
  fault('CONFIGURATION_INVALID', [50059, 50128, 90002, 90019], 'There is no such tenant.'),
  fault('CONFIGURATION_INVALID', [50194, 9001023], 'The endpoint is not for this application.'),
  fault('CONFIGURATION_INVALID', [70001, 700016, 7000112, 700011], 'The application is unknown or disabled.'),
  fault('CONFIGURATION_INVALID', [7000222], 'The client secret is expired: nobody can log in.'),
  fault(
    'CONFIGURATION_INVALID',
    [70002, 7000215, 7000218, 700025, 700027],
    'The client secret is wrong, missing or not wanted: nobody can log in.',
  ),
  fault('CONFIGURATION_INVALID', [70011, 28002, 500011, 650057], 'A scope or resource is not right.'),
  fault(
    'UPSTREAM_FAILED',
    [90055, 90024, 50033, 50087, 90006, 90033, 80001, 80002, 80005, 80007, 80010, 80013, 80014],
    'Entra ID, or its agent at the directory, is in trouble.',
  ),
];

const CLASS_BY_NUMBER: ReadonlyMap<number, ErrorClass> = new Map(
  ERROR_CLASSES.flatMap((each) => each.numbers.map((number) => [number, each] as const)),
);

const failure = z.looseObject({
  error: z.string(),
  error_description: z.string().nullish(),
  error_codes: z.array(z.number()).nullish(),
});

/** Errors of OAuth where no number is known. */
const BY_ERROR: ReadonlyMap<string, ErrorClass> = new Map([
  ['invalid_grant', denial('BAD_CREDENTIALS', [])],
  ['interaction_required', denial('MFA_REQUIRED', [])],
  ['access_denied', denial('CONDITIONAL_ACCESS', [])],
  ['authorization_declined', denial('MFA_REJECTED', [])],
  ['expired_token', denial('MFA_TIMED_OUT', [])],
  ['code_expired', denial('MFA_TIMED_OUT', [])],
  ['bad_verification_code', denial('STATE_INVALID', [])],
  ['slow_down', denial('THROTTLED', [])],
  ['consent_required', fault('CONFIGURATION_INVALID', [], 'Consent is missing.')],
  ['invalid_client', fault('CONFIGURATION_INVALID', [], 'The client is not accepted.')],
  ['unauthorized_client', fault('CONFIGURATION_INVALID', [], 'The client is not allowed to do this.')],
  ['unsupported_grant_type', fault('CONFIGURATION_INVALID', [], 'The grant is not allowed.')],
  ['invalid_scope', fault('CONFIGURATION_INVALID', [], 'A scope is not right.')],
  ['invalid_resource', fault('CONFIGURATION_INVALID', [], 'A resource is not right.')],
  ['invalid_request', fault('CONFIGURATION_INVALID', [], 'The request is not understood.')],
]);

/** Errors that say what they say in a device flow, whatever the number. */
const DEVICE_ERRORS: ReadonlySet<string> = new Set([
  'authorization_declined',
  'expired_token',
  'code_expired',
  'bad_verification_code',
]);

/** `error` of an answer of the token endpoint. */
export function errorIn({ json }: HttpAnswer): string | undefined {
  return failure.safeParse(json).data?.error;
}

/** An answer that holds no tokens as a refusal. Descriptions hold ids and names and are not repeated. */
export function refusalOf({ status, json }: HttpAnswer): Denied | IdentityFault {
  const parsed = failure.safeParse(json);
  if (status === 429) return new Denied('THROTTLED', 'Entra ID answers with status 429.');
  if (!parsed.success)
    return new IdentityFault('UPSTREAM_ANSWER_INVALID', `Entra ID answers with status ${status}.`);
  const { error, error_codes, error_description } = parsed.data;
  const numbers = [...(error_codes ?? []), ...numbersIn(error_description ?? '')];
  const number = numbers.find((each) => CLASS_BY_NUMBER.has(each));
  const ofNumber = number === undefined ? undefined : CLASS_BY_NUMBER.get(number);
  const found = DEVICE_ERRORS.has(error) ? BY_ERROR.get(error) : (ofNumber ?? BY_ERROR.get(error));
  const shown = number ?? numbers[0];
  const told = shown === undefined ? `status ${status}` : `AADSTS${Math.trunc(shown)}`;
  if (found === undefined) return new IdentityFault('UPSTREAM_FAILED', `Entra ID answers ${told}.`);
  const detail = `${found.words} Entra ID answers ${told}.`.trim();
  const { meaning } = found;
  return 'denial' in meaning ? new Denied(meaning.denial, detail) : new IdentityFault(meaning.fault, detail);
}

function numbersIn(description: string): readonly number[] {
  return [...description.matchAll(/\bAADSTS(\d{4,8})\b/g)].map(([, digits]) => Number(digits));
}
