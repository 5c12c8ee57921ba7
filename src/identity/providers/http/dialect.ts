/** What is sent to the endpoint and what its answers mean: the seam between the calls and the two ways to write them. */

import type { Secret } from '../../secret.ts';
import type { HttpAnswer } from '../../upstream/http.ts';
import type { Login, Person } from '../provider.ts';

/** A question; the name is the one that the endpoint knows. */
export interface EndpointQuestion {
  readonly login: Login;
  readonly userName: string;
  /** Absent: who logs in with a key. */
  readonly password?: Secret;
}

export interface EndpointRequest {
  /** Appended to the URL. */
  readonly query?: Readonly<Record<string, string>>;
  readonly json: object;
}

export interface Dialect {
  write(question: EndpointQuestion): EndpointRequest;
  /** @throws Denied, IdentityFault for everything that does not let the user in, in so many words */
  read(answer: HttpAnswer, question: EndpointQuestion): Person;
}
