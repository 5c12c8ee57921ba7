/** A request to the HTTP method as the event of the Lambda contract. */

import { isIP } from 'node:net';
import { z } from 'zod';
import { IdentityFault } from '../decision.ts';
import { lambdaEventOf } from '../pipeline/proxy-event.ts';
import type { LoginAttempt } from '../request.ts';
import { dialogueBody, fitsPasswordHeader, HEADERS } from '../transports/method-protocol.ts';
import type { WireRequest } from './signature.ts';

/** The request is none of the contract: nobody was judged. The text is for the caller and quotes nothing. */
export class RequestInvalid extends Error {
  override readonly name = 'RequestInvalid';
}

const eventSchema = z.object({
  ...dialogueBody.shape,
  username: z.string(),
  password: z.string().optional(),
  protocol: z.enum(['SFTP', 'FTPS', 'FTP']),
  serverId: z.string().regex(/^s-[0-9a-f]{17}$/),
  sourceIp: z.string().refine((text) => isIP(text) !== 0),
});

/** @throws RequestInvalid */
export function readAttempt(request: WireRequest): LoginAttempt {
  refuseUnclearPassword(request.headers);
  const { password = '', challengeAnswers, state, interactive, ...event } = readEvent(request);
  return {
    ...event,
    // A header without a value is how a mapping template writes that there is no password.
    ...(password === '' ? {} : { password }),
    ...(challengeAnswers === undefined ? {} : { challengeAnswers }),
    ...(state === undefined ? {} : { state }),
    ...(interactive === undefined ? {} : { interactive }),
  };
}

function readEvent({ method, target, headers, body }: WireRequest): z.output<typeof eventSchema> {
  const [path, search = ''] = target.split('?', 2);
  const parameters = new URLSearchParams(search);
  const multiValueQueryStringParameters = Object.fromEntries(
    [...new Set(parameters.keys())].map((name) => [name, parameters.getAll(name)]),
  );
  const proxyEvent = {
    httpMethod: method,
    path,
    multiValueQueryStringParameters,
    headers: Object.fromEntries(headers),
    body,
  };
  try {
    return eventSchema.parse(lambdaEventOf(proxyEvent));
  } catch (error) {
    if (error instanceof IdentityFault) throw new RequestInvalid(error.message);
    if (!(error instanceof z.ZodError)) throw error;
    const members = error.issues.map(({ path: place }) => place.join('.')).join(', ');
    throw new RequestInvalid(`Not of the contract: ${members}.`);
  }
}

/** Bytes of a header have no encoding: what is not ASCII would be judged as another password than the one typed. */
function refuseUnclearPassword(headers: ReadonlyMap<string, string>): void {
  const password = headers.get(HEADERS.password.toLowerCase()) ?? '';
  if (headers.has(HEADERS.passwordBase64.toLowerCase()) || password === '') return;
  if (!fitsPasswordHeader(password))
    throw new RequestInvalid('Password holds more than printable ASCII; send PasswordBase64.');
}
