/** Public keys on a web server, one page for each user, as GitHub and GitLab show them. */

import { IdentityFault } from '../decision.ts';
import type { RecordKey } from '../records/record.ts';
import { UpstreamHttp } from '../upstream/http.ts';
import { checkKeysSize, keysOf } from './key-lines.ts';
import { withUserName } from './name-place.ts';
import { USER_NAME_PLACE, type WebKeysOptions } from './options.ts';
import type { PublicKeySource } from './source.ts';

const NO_SUCH_PAGE = [404, 410];

export class WebKeys implements PublicKeySource {
  readonly #template: string;
  readonly #http: UpstreamHttp;

  constructor({ url }: WebKeysOptions) {
    this.#template = url;
    const { origin } = new URL(url.replaceAll(USER_NAME_PLACE, 'name'));
    this.#http = new UpstreamHttp({
      name: 'the server of public keys',
      origin,
      headers: { accept: 'text/plain' },
    });
  }

  async find(userName: string, signal: AbortSignal): Promise<readonly RecordKey[]> {
    const url = withUserName(this.#template, userName, encodeURIComponent);
    const { status, text } = await this.#http.call({ method: 'GET', url, signal });
    if (NO_SUCH_PAGE.includes(status)) return [];
    if (status !== 200)
      throw new IdentityFault('UPSTREAM_FAILED', `The server of public keys: status ${status}.`);
    checkKeysSize(text.length);
    return keysOf([text]);
  }

  async close(): Promise<void> {}
}
