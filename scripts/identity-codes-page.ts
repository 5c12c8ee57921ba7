/** Writes docs/identity/codes.md: the codes that built-in providers decide with. */

import { DENIALS, FAULTS } from '../src/identity/decision.ts';

export function identityCodesPage(): string {
  return `# Codes of the built-in identity providers

<!-- Generated from src/identity/decision.ts by "npm run docs". Do not edit. -->

What a built-in provider decides about a login is one of these codes. They stand in the log, in the trace of \`drawbridge
test-identity-provider --explain\`, and never change their meaning. The client of the user sees none of them: it is refused, and
that is all.

## Denials

Somebody or something says no. The answer is \`{}\`.

${table(DENIALS)}

## Faults

Nobody can tell. The function fails as one that throws, an HTTP method answers with a status that is not 200, and the
server refuses the login.

${table(FAULTS)}
`;
}

function table(texts: Readonly<Record<string, string>>): string {
  const rows = Object.entries(texts).map(([code, text]) => `| \`${code}\` | ${text} |`);
  return ['| code | meaning |', '|---|---|', ...rows].join('\n');
}
