/**
 * The `certificates` provider: trusts authorities that certify users (OpenSSH's PROTOCOL.certkeys).
 *
 * It only says whom a certificate has to name. The server verifies certificates, as it does for any `cert-authority` line.
 */

import { Denied } from '../../decision.ts';
import { withUserName } from '../../keys/name-place.ts';
import type { Surroundings } from '../../surroundings.ts';
import type { Login, Person, PersonProvider, Step } from '../provider.ts';
import type { CertificatesOptions } from './options.ts';

export function createCertificatesProvider(
  options: CertificatesOptions,
  _surroundings: Surroundings,
): PersonProvider {
  return new CertificatesProvider(options);
}

class CertificatesProvider implements PersonProvider {
  readonly #options: CertificatesOptions;

  constructor(options: CertificatesOptions) {
    this.#options = options;
  }

  async password(): Promise<Step> {
    throw new Denied('PASSWORD_NOT_ACCEPTED', 'Only certificates log in here.');
  }

  async lookUp({ userName }: Login): Promise<Person> {
    const { authorities, principals } = this.#options;
    const names = new Set(principals.map((principal) => withUserName(principal, userName)));
    const condition = `cert-authority,principals="${[...names].join(',')}"`;
    const publicKeys = authorities.map((authority) => ({ line: `${condition} ${authority}` }));
    return {
      subject: userName,
      userName,
      attributes: new Map(),
      groups: [],
      proofs: [],
      record: { enabled: true, isPasswordOfProtocol: false, publicKeys, session: {} },
    };
  }

  async close(): Promise<void> {}
}
