/** An authenticator of keys and authorities under given terms, for tests; the identity says what was proven. */

import type { Authenticator, KeyAttempt, KeyTerms } from '../authenticator.ts';

export interface BookEntry {
  /** Blob of a key, or of an authority. */
  readonly blob: Buffer;
  readonly terms?: KeyTerms;
  readonly isAuthority?: boolean;
}

export class KeyBook implements Authenticator<string> {
  readonly methods: Authenticator<string>['methods'] = ['publickey'];
  /** What it was asked, in order. */
  readonly asked: KeyAttempt[] = [];
  /** What the layer refused by itself. */
  readonly refusals: string[] = [];
  readonly #entries: readonly BookEntry[];

  constructor(...entries: readonly BookEntry[]) {
    this.#entries = entries;
  }

  async password(_attempt: unknown) {
    return { outcome: 'refused', methods: this.methods } as const;
  }

  async acceptsKey(attempt: KeyAttempt): Promise<false | KeyTerms> {
    this.asked.push(attempt);
    const { certificate, key } = attempt;
    const wanted = certificate?.authority ?? key;
    const entry = this.#entries.find(
      ({ blob, isAuthority = false }) =>
        isAuthority === (certificate !== undefined) && blob.equals(wanted.blob),
    );
    return entry === undefined ? false : (entry.terms ?? {});
  }

  async keyProven({
    key,
    certificate,
  }: KeyAttempt): Promise<
    { outcome: 'accepted'; identity: string } | { outcome: 'continue'; methods: ('password' | 'publickey')[] }
  > {
    return { outcome: 'accepted', identity: `${certificate?.keyId ?? 'plain'} ${key.type}` };
  }

  refusedByLayer(_attempt: unknown, _method: unknown, refusal: string): void {
    this.refusals.push(refusal);
  }
}
