/** What came of one check. */

import { NotApplicable } from './client.ts';

export type Outcome =
  | { readonly kind: 'passed' }
  | { readonly kind: 'failed'; readonly detail: string }
  | { readonly kind: 'not applicable'; readonly detail: string }
  | { readonly kind: 'skipped'; readonly detail: string };

/** One cell of the matrix holds one check per way to log in. */
export interface Check {
  readonly column: string;
  readonly row: string;
  /** Tells checks of one cell apart: `password`, `rsa key`. */
  readonly variant: string;
  readonly outcome: Outcome;
}

/** Runs a check; `secrets` never appear in what it says. */
export async function judge(run: () => Promise<void>, secrets: readonly string[]): Promise<Outcome> {
  try {
    await run();
    return { kind: 'passed' };
  } catch (error) {
    if (error instanceof NotApplicable) return { kind: 'not applicable', detail: error.message };
    return { kind: 'failed', detail: redact(describe(error), secrets) };
  }
}

function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? `${error.message} (${error.cause.message})` : error.message;
}

function redact(text: string, secrets: readonly string[]): string {
  return secrets
    .filter((secret) => secret !== '')
    .reduce((rest, secret) => rest.replaceAll(secret, '***'), text);
}
