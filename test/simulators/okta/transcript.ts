/** What was asked of the simulator and answered, without anything secret. */

export interface TranscriptEntry {
  readonly method: string;
  readonly path: string;
  readonly status: number;
  /** Okta's `errorCode`, or OAuth's `error`. */
  readonly error?: string;
  /** `status` of the transaction that was answered. */
  readonly transaction?: string;
  readonly factorResult?: string;
}

/** Entries that are kept; a simulator that is used as a tool for days drops the oldest. */
const MAX_ENTRIES = 1000;

const TOLD = {
  errorCode: 'error',
  error: 'error',
  status: 'transaction',
  factorResult: 'factorResult',
} as const;

export class Transcript {
  readonly #entries: TranscriptEntry[] = [];

  get entries(): readonly TranscriptEntry[] {
    return this.#entries;
  }

  /** Such as `POST /api/v1/authn 200 SUCCESS`. */
  get lines(): readonly string[] {
    return this.#entries.map(({ method, path, status, error, transaction, factorResult }) =>
      [method, path, status, error, transaction, factorResult].filter((part) => part !== undefined).join(' '),
    );
  }

  /** How often a path was asked for. */
  count(path: string): number {
    return this.#entries.filter((entry) => entry.path === path).length;
  }

  add(
    call: { readonly method: string; readonly path: string; readonly status: number },
    body: unknown,
  ): void {
    this.#entries.push({ ...call, ...toldIn(body) });
    if (this.#entries.length > MAX_ENTRIES) this.#entries.shift();
  }
}

function toldIn(body: unknown): Partial<Record<'error' | 'transaction' | 'factorResult', string>> {
  if (typeof body !== 'object' || body === null) return {};
  const told: Partial<Record<'error' | 'transaction' | 'factorResult', string>> = {};
  const values = new Map<string, unknown>(Object.entries(body));
  for (const [name, as] of Object.entries(TOLD)) {
    const value = values.get(name);
    if (typeof value === 'string') told[as] = value;
  }
  return told;
}
