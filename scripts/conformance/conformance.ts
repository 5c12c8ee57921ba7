/** Holds requirements against the tests that bear their ids: what is proven, and what is wrong. */

import type { Exception } from '../../test/conformance/exceptions.ts';
import type { RequirementGroup } from '../../test/conformance/requirements.ts';
import type { FoundTest } from './test-names.ts';

export interface TestOfFile extends FoundTest {
  /** From the repository's root. */
  readonly file: string;
}

export interface ConformanceInput {
  readonly groups: readonly RequirementGroup[];
  readonly exceptions: Readonly<Record<string, Exception>>;
  readonly tests: readonly TestOfFile[];
  /** Whether a file named by an exception is there. */
  fileExists(file: string): boolean;
}

export interface Proof {
  readonly file: string;
  /** The test's name without its ids. */
  readonly name: string;
}

export interface Conformance {
  readonly proofs: ReadonlyMap<string, readonly Proof[]>;
  /** One line for each thing that is wrong; empty when the page may be written. */
  readonly problems: readonly string[];
}

/** An id at the start of a name. */
const LEADING_ID = /^[TACFP]-\d+(?=\s)/;
const ANY_ID = /\b[TACFP]-\d+\b/g;

export function judge(input: ConformanceInput): Conformance {
  const known = new Set(input.groups.flatMap(({ requirements }) => Object.keys(requirements)));
  const proofs = new Map<string, Proof[]>();
  const problems = input.tests.flatMap((test) => problemsOfTest(test, known));
  for (const { file, name } of input.tests) {
    const { ids, rest } = splitName(name);
    for (const id of ids) proofs.set(id, [...(proofs.get(id) ?? []), { file, name: rest }]);
  }
  for (const id of known) {
    if (proofs.has(id) || id in input.exceptions) continue;
    problems.push(`${id} has neither a test that bears it nor a line in test/conformance/exceptions.ts`);
  }
  problems.push(...problemsOfExceptions(input, known, proofs));
  return { proofs, problems };
}

/** `T-7 A-21 strict kex - …` → its ids, and the name behind them. */
export function splitName(name: string): { readonly ids: readonly string[]; readonly rest: string } {
  const ids: string[] = [];
  let rest = name;
  for (let id = LEADING_ID.exec(rest)?.[0]; id !== undefined; id = LEADING_ID.exec(rest)?.[0]) {
    ids.push(id);
    rest = rest.slice(id.length).trimStart();
  }
  return { ids, rest };
}

function problemsOfTest({ file, name, isSkipped }: TestOfFile, known: ReadonlySet<string>): string[] {
  const { ids, rest } = splitName(name);
  const where = `${file}: '${name}'`;
  const unknown = ids.filter((id) => !known.has(id)).map((id) => `${where} bears ${id}, which is not known`);
  const skipped = ids.length > 0 && isSkipped ? [`${where} bears an id and may be skipped`] : [];
  const misplaced = [...rest.matchAll(ANY_ID)]
    .filter(([id]) => known.has(id))
    .map(([id]) => `${where} has ${id} inside its name; ids stand in front`);
  return [...unknown, ...skipped, ...misplaced];
}

function problemsOfExceptions(
  { exceptions, fileExists }: ConformanceInput,
  known: ReadonlySet<string>,
  proofs: ReadonlyMap<string, readonly Proof[]>,
): string[] {
  return Object.entries(exceptions).flatMap(([id, { provenBy }]) => {
    if (!known.has(id)) return [`the exception ${id} is of no known requirement`];
    const proof = proofs.get(id)?.[0];
    const both = proof === undefined ? [] : [`${id} is an exception and has a test in ${proof.file}`];
    const isMissing = provenBy !== undefined && !fileExists(provenBy);
    return isMissing ? [...both, `the exception ${id} names ${provenBy}, which is not there`] : both;
  });
}
