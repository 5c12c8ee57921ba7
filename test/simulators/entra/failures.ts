/** Errors as Entra ID and Microsoft Graph answer them. */

import type { Reply } from '../exchange.ts';

/** Thrown by an endpoint that answers an error. */
export class Failure extends Error {
  readonly reply: Reply;

  constructor(reply: Reply) {
    super('a simulated failure');
    this.reply = reply;
  }
}

/** Numbers whose error is not `invalid_grant`. */
const ERRORS: ReadonlyMap<number, readonly [error: string, status: number]> = new Map([
  [7000215, ['invalid_client', 401]],
  [7000218, ['invalid_client', 401]],
  [7000222, ['invalid_client', 401]],
  [70002, ['invalid_client', 401]],
  [700025, ['invalid_client', 401]],
  [700027, ['invalid_client', 401]],
  [700016, ['unauthorized_client', 400]],
  [7000112, ['unauthorized_client', 401]],
  [70001, ['unauthorized_client', 400]],
  [9001023, ['invalid_request', 400]],
  [90002, ['invalid_request', 400]],
  [70011, ['invalid_scope', 400]],
  [50158, ['interaction_required', 400]],
  [53003, ['access_denied', 400]],
]);

/** @param error where the number alone does not say it */
export function aadsts(number: number, error?: string): Failure {
  const [usual, status] = ERRORS.get(number) ?? ['invalid_grant', 400];
  return new Failure({
    status,
    json: {
      error: error ?? usual,
      error_description: `AADSTS${number}: A simulated error. Trace ID: 0 Correlation ID: 0`,
      error_codes: [number],
      timestamp: '2030-01-01 00:00:00Z',
      trace_id: '00000000-0000-0000-0000-000000000000',
      correlation_id: '00000000-0000-0000-0000-000000000000',
    },
  });
}

export function graphFailure(status: number, code: string): Failure {
  return new Failure({ status, json: { error: { code, message: 'A simulated error.' } } });
}
