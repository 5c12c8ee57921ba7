/** Writes docs/conformance.md: every requirement with the tests that prove it, or why there is none. */

import { existsSync, globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { EXCEPTIONS, type Exception } from '../../test/conformance/exceptions.ts';
import { REQUIREMENT_GROUPS, type RequirementGroup } from '../../test/conformance/requirements.ts';
import { type Conformance, judge, type Proof, type TestOfFile } from './conformance.ts';
import { testsIn } from './test-names.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const TEST_FILES = '{src,test,bench}/**/*.test.ts';

/** The page from the tests of this repository. @throws ConformanceError when it would not be true */
export function conformancePage(): string {
  const conformance = judge({
    groups: REQUIREMENT_GROUPS,
    exceptions: EXCEPTIONS,
    tests: testsOfRepository(),
    fileExists: (file) => existsSync(join(root, file)),
  });
  if (conformance.problems.length > 0) throw new ConformanceError(conformance.problems);
  return pageOf(REQUIREMENT_GROUPS, EXCEPTIONS, conformance);
}

/** Tests and requirements do not fit together; one line for each reason. */
export class ConformanceError extends Error {
  override readonly name = 'ConformanceError';
  readonly code = 'NOT_CONFORMANT';

  constructor(problems: readonly string[]) {
    super(problems.join('\n'));
  }
}

function testsOfRepository(): TestOfFile[] {
  const files = globSync(TEST_FILES, { cwd: root }).toSorted();
  return files.flatMap((file) => {
    try {
      return testsIn(readFileSync(join(root, file), 'utf8')).map((test) => ({ ...test, file }));
    } catch (error) {
      throw new ConformanceError([`${file}: ${error instanceof Error ? error.message : error}`]);
    }
  });
}

/** The text of the page. */
export function pageOf(
  groups: readonly RequirementGroup[],
  exceptions: Readonly<Record<string, Exception>>,
  { proofs }: Conformance,
): string {
  const total = groups.reduce((sum, { requirements }) => sum + Object.keys(requirements).length, 0);
  const sections = groups.map((group) => section(group, exceptions, proofs));
  return `# Conformance

What an SSH and SFTP server must do, as found in the RFCs, in other servers and in their advisories, and the test that
proves each point. Written by \`npm run docs\` from the names of the tests, which begin with the ids; it fails where an id
has neither a test nor a reason.

${total} requirements: ${proofs.size} have tests, ${total - proofs.size} are proven elsewhere or not yet due.

${sections.join('\n')}`;
}

function section(
  { title, requirements }: RequirementGroup,
  exceptions: Readonly<Record<string, Exception>>,
  proofs: Conformance['proofs'],
): string {
  const rows = Object.entries(requirements).map(([id, text]) => {
    const found = proofs.get(id);
    const shown = found === undefined ? reasonOf(exceptions[id]) : proofText(found);
    return `| ${id} | ${cell(text)} | ${shown} |`;
  });
  return `## ${title}\n\n| id | requirement | tests, or why there is none |\n|---|---|---|\n${rows.join('\n')}\n`;
}

/** One line for each file, then the names of its tests. */
function proofText(proofs: readonly Proof[]): string {
  const byFile = Map.groupBy(proofs, ({ file }) => file);
  return [...byFile]
    .map(([file, tests]) => {
      const names = [...new Set(tests.map(({ name }) => cell(name)))];
      return `${link(file)}: ${names.join('; ')}`;
    })
    .join('<br>');
}

function reasonOf(exception: Exception | undefined): string {
  if (exception === undefined) return '';
  const where = exception.provenBy === undefined ? '' : ` See ${link(exception.provenBy)}.`;
  return `*No unit test.* ${cell(exception.reason)}${where}`;
}

function link(file: string): string {
  return `[${file}](../${file})`;
}

/** Text that cannot end a cell of the table or become markup. */
function cell(text: string): string {
  return text.replace(/[\\|<>*_[\]]/g, '\\$&').replace(/\s+/g, ' ');
}
