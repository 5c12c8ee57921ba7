/** A certified OpenID provider in this process, with a password grant of our own and a browser to log in with (tests only). */

import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import Provider, { type ClientMetadata, errors } from 'oidc-provider';
import { PASSWORD } from '../../testing/provider-bench.ts';

export const CLIENT = { id: 'drawbridge', secret: 'canary-5d0e-client-secret' };
export const REDIRECT_URI = 'https://sftp.example.com/code.html';
/** The only right one. */
export const CODE = '123456';

export interface IssuerUser {
  readonly claims?: Readonly<Record<string, unknown>>;
  /** Whether the password grant wants a code. */
  readonly needsCode?: boolean;
  /** What the password grant says instead of tokens. */
  readonly refusal?: string;
}

const USERS: Readonly<Record<string, IssuerUser>> = {
  jdoe: { claims: { preferred_username: 'jdoe', groups: ['sftp-users'], email: 'jdoe@example.com' } },
  verified: { claims: { preferred_username: 'other', email: 'verified@example.com', email_verified: true } },
  coded: { claims: { preferred_username: 'coded', amr: ['pwd', 'otp'], acr: 'two' }, needsCode: true },
  disabled: { refusal: 'Account disabled' },
  unfinished: { refusal: 'Account is not fully set up' },
};

export class RealIssuer implements AsyncDisposable {
  readonly issuer: string;
  readonly #provider: Provider;
  readonly #server: Server;

  static async start(): Promise<RealIssuer> {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new RealIssuer(server);
  }

  private constructor(server: Server) {
    this.#server = server;
    this.issuer = `http://127.0.0.1:${portOf(server.address())}`;
    this.#provider = new Provider(this.issuer, {
      clients: [client()],
      findAccount: (_context, id) => ({
        accountId: id,
        claims: () => ({ sub: `sub-${id}`, ...USERS[id]?.claims }),
      }),
      claims: {
        openid: ['sub', 'preferred_username', 'groups', 'email', 'email_verified'],
        acr: null,
        amr: null,
        auth_time: null,
      },
      conformIdTokenClaims: false,
      features: { deviceFlow: { enabled: true }, devInteractions: { enabled: true } },
      pkce: { required: () => true },
    });
    this.#registerPasswordGrant();
    const serve = this.#provider.callback();
    server.on('request', (request, response) => void serve(request, response));
  }

  /** Somebody enters the code in a browser and approves. */
  async approve(userCode: string, accountId = 'jdoe'): Promise<void> {
    const code = await this.#device(userCode);
    const grant = new this.#provider.Grant({ accountId, clientId: CLIENT.id });
    grant.addOIDCScope('openid profile');
    code.grantId = await grant.save();
    code.accountId = accountId;
    code.scope = 'openid profile';
    code.authTime = Math.floor(Date.now() / 1000);
    await code.save();
  }

  async deny(userCode: string): Promise<void> {
    const code = await this.#device(userCode);
    code.error = 'access_denied';
    await code.save();
  }

  /** A browser follows the link, logs in, consents, and ends at the redirect page, whose address is returned. */
  async browse(link: string, accountId = 'jdoe'): Promise<string> {
    const cookies = new Map<string, string>();
    let url = link;
    for (let hop = 0; hop < 12; hop += 1) {
      if (url.startsWith(REDIRECT_URI)) return url;
      const { pathname } = new URL(url);
      const isInteraction = pathname.startsWith('/interaction/');
      const page = isInteraction ? await (await this.#visit(url, cookies)).text() : '';
      const prompt = /name="prompt" value="(\w+)"/.exec(page)?.[1];
      const form = isInteraction
        ? new URLSearchParams({ prompt: prompt ?? 'login', login: accountId, password: 'any' })
        : undefined;
      const response = await this.#visit(url, cookies, form);
      const location = response.headers.get('location');
      if (location === null) throw new Error(`the browser is stuck at ${pathname}: ${response.status}`);
      url = new URL(location, url).href;
    }
    throw new Error('the browser is sent around in circles');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  async #visit(url: string, cookies: Map<string, string>, form?: URLSearchParams): Promise<Response> {
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const response = await fetch(url, {
      redirect: 'manual',
      headers: { cookie },
      ...(form === undefined ? {} : { method: 'POST', body: form }),
    });
    for (const line of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      cookies.set(name, value);
    }
    return response;
  }

  async #device(userCode: string) {
    const code = await this.#provider.DeviceCode.findByUserCode(userCode.replaceAll('-', ''), {
      ignoreExpiration: true,
    });
    if (code === undefined) throw new Error('there is no such user code');
    return code;
  }

  #registerPasswordGrant(): void {
    const provider = this.#provider;
    provider.registerGrantType(
      'password',
      async (context) => {
        const { username, password, totp } = textsIn(context.oidc.params);
        const user = USERS[username ?? ''];
        if (user?.refusal !== undefined)
          throw new errors.CustomOIDCProviderError('invalid_grant', user.refusal);
        if (user === undefined || password !== PASSWORD || (user.needsCode === true && totp !== CODE))
          throw new errors.InvalidGrant('Invalid user credentials');
        const token = new provider.IdToken({}, { ctx: context });
        token.set('sub', `sub-${username}`);
        for (const [name, value] of Object.entries(user.claims ?? {})) token.set(name, value);
        context.body = {
          access_token: 'canary-5d0e-access-token',
          token_type: 'Bearer',
          id_token: await token.issue({ use: 'idtoken' }),
        };
      },
      ['username', 'password', 'totp', 'scope'],
    );
  }
}

function client(): ClientMetadata {
  return {
    client_id: CLIENT.id,
    client_secret: CLIENT.secret,
    redirect_uris: [REDIRECT_URI],
    response_types: ['code'],
    grant_types: ['authorization_code', 'password', 'urn:ietf:params:oauth:grant-type:device_code'],
  };
}

function textsIn(params: unknown): Readonly<Record<string, string | undefined>> {
  return Object.fromEntries(
    Object.entries(params ?? {}).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  );
}

function portOf(address: AddressInfo | string | null): number {
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}
