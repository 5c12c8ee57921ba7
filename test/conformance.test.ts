import assert from 'node:assert/strict';
import { test } from 'node:test';
import { judge, splitName } from '../scripts/conformance/conformance.ts';
import { pageOf } from '../scripts/conformance/page.ts';
import { testsIn } from '../scripts/conformance/test-names.ts';
import type { Exception } from './conformance/exceptions.ts';

/** A known id, put together so that the example names in here are no names of tests with ids. */
const T1 = `T-${1}`;
const T2 = `T-${2}`;
const T99 = `T-${99}`;

const GROUPS = [{ title: 'Transport', requirements: { [T1]: 'One | thing.', [T2]: 'Another *thing*.' } }];

function judged(
  tests: readonly { readonly name: string; readonly isSkipped?: boolean }[],
  exceptions: Readonly<Record<string, Exception>> = {},
) {
  return judge({
    groups: GROUPS,
    exceptions,
    tests: tests.map((each) => ({ isSkipped: false, file: 'src/a.test.ts', ...each })),
    fileExists: (file) => file === 'docs/there.md',
  });
}

test('names - plain, double-quoted, template and computed names are found', () => {
  const source = [
    "test('one - it\\'s \\u0041', () => {});",
    'test("two", async (t) => { await t.test(`three ${x.map((y) => `${y}`)} and ${"}"}`, () => 1); });',
    "it('four' + x, () => {});",
    "test(\n  'five',\n  { timeout: 1 },\n  () => {},\n);",
  ].join('\n');
  assert.deepEqual(
    testsIn(source).map(({ name }) => name),
    ["one - it's A", 'two', 'three … and …', 'four…', 'five'],
  );
});

test('names - comments, strings, regular expressions and other words that look like tests are passed over', () => {
  const source = [
    "// test('in a comment')",
    "/* test('in a comment') */",
    'const text = "test(\'in a string\')";',
    "const template = `test('in a template') ${1}`;",
    "const pattern = /test\\('in a pattern'[/'\"]/g;",
    'const half = total / 2; pattern.test(half / 2);',
    "latest('x'); test(name, () => {});",
    "test('real', () => assert.match(x, /'/));",
  ].join('\n');
  assert.deepEqual(
    testsIn(source).map(({ name }) => name),
    ['real'],
  );
});

for (const [what, source] of [
  ['test.skip', "test.skip('a', () => {});"],
  ['test.todo', "test.todo('a');"],
  ['an option', "test('a', { timeout: 5, skip: isWindows }, () => {});"],
  ['an option without a value', "test('a', { todo }, () => {});"],
  ['its body', "test('a', (t) => { if (x) { t.skip('no'); } });"],
  ['its suite', "describe.skip('s', () => { test('a', () => {}); });"],
] as const) {
  test(`skipped - by ${what} is seen`, () => {
    assert.deepEqual(testsIn(source), [{ name: 'a', isSkipped: true }]);
  });
}

test('skipped - the word elsewhere skips nothing', () => {
  const source =
    "test('a', { timeout: 5 }, () => { list.skip(1); const x = { skip: 1 }; });\ntest.only('b', () => {});";
  assert.deepEqual(
    testsIn(source).map(({ isSkipped }) => isSkipped),
    [false, false],
  );
});

test('names - a text that does not end is an error with its line', () => {
  assert.throws(() => testsIn("test('a');\nconst x = 'b\n"), /line 2: a string does not end/);
  assert.throws(() => testsIn('const x = `b ${ c'), /line 1: a template does not end/);
});

test('ids - stand in front, one or several', () => {
  assert.deepEqual(splitName(`${T1} ${T2} area - what`), { ids: [T1, T2], rest: 'area - what' });
  assert.deepEqual(splitName('P-256x - no id'), { ids: [], rest: 'P-256x - no id' });
});

test('judge - an id with a test or an exception is in order', () => {
  const { proofs, problems } = judged([{ name: `${T1} area - what` }], {
    [T2]: { reason: 'later', provenBy: 'docs/there.md' },
  });
  assert.deepEqual(problems, []);
  assert.deepEqual([...proofs], [[T1, [{ file: 'src/a.test.ts', name: 'area - what' }]]]);
});

const later = { [T2]: { reason: 'later' } };
const wrong: readonly [string, ReturnType<typeof judged>, RegExp][] = [
  ['an id without test and exception', judged([{ name: `${T1} a` }]), /^T-2 has neither/],
  [
    'an exception that has a test',
    judged([{ name: `${T1} ${T2} a` }], later),
    /^T-2 is an exception and has a test/,
  ],
  ['an unknown id', judged([{ name: `${T1} ${T99} a` }], later), /bears T-99, which is not known/],
  ['an id on a skipped test', judged([{ name: `${T1} a`, isSkipped: true }], later), /may be skipped/],
  ['an id inside a name', judged([{ name: `${T1} a` }, { name: `b (${T1})` }], later), /ids stand in front/],
  [
    'an exception of nothing',
    judged([{ name: `${T1} a` }], { ...later, [T99]: { reason: 'x' } }),
    /no known/,
  ],
  [
    'an exception that names a missing file',
    judged([{ name: `${T1} a` }], { [T2]: { reason: 'x', provenBy: 'docs/gone.md' } }),
    /docs\/gone\.md, which is not there/,
  ],
];
for (const [what, { problems }, expected] of wrong) {
  test(`judge - ${what} is a problem`, () => {
    assert.equal(problems.length, 1);
    assert.match(problems[0] ?? '', expected);
  });
}

test('page - shows tests by file, reasons, and no markup of theirs', () => {
  const conformance = judged([{ name: `${T1} a | b` }, { name: `${T1} c` }], {
    [T2]: { reason: 'Later.', provenBy: 'docs/there.md' },
  });
  const page = pageOf(GROUPS, { [T2]: { reason: 'Later.', provenBy: 'docs/there.md' } }, conformance);
  assert.ok(page.includes('2 requirements: 1 have tests, 1 are'));
  assert.ok(
    page.includes('| T-1 | One \\| thing. | [src/a.test.ts](../src/a.test.ts): a \\| b; c |'),
    'tests of one file stand together',
  );
  assert.ok(
    page.includes(
      '| T-2 | Another \\*thing\\*. | *No unit test.* Later. See [docs/there.md](../docs/there.md). |',
    ),
  );
});
