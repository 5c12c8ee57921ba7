import assert from 'node:assert/strict';
import { test } from 'node:test';
import { substituteVariables } from './variables.ts';

const ENVIRONMENT = { NAME: 'value', EMPTY: '', NESTED: '${NAME}', DOLLAR: '$&$1' };

const textOf = (text: string) => substituteVariables(text, ENVIRONMENT).value;

test('substitute - replaces variables and defaults', () => {
  assert.equal(textOf('a ${NAME} b ${NAME}'), 'a value b value');
  assert.equal(textOf('${MISSING:-default}'), 'default');
  assert.equal(textOf('${EMPTY:-default}'), 'default');
  assert.equal(textOf('[${EMPTY}][${MISSING:-}]'), '[][]');
});

test('substitute - a value of a variable is text and is not looked at again', () => {
  assert.equal(textOf('${NESTED}'), '${NAME}');
  assert.equal(textOf('${DOLLAR}'), '$&$1');
});

test('substitute - a doubled dollar is a plain one', () => {
  assert.equal(textOf('$${NAME} costs $5'), '${NAME} costs $5');
});

test('substitute - policy variables stay', () => {
  for (const text of ['/b/${transfer:UserName}', '${aws:PrincipalTag/team}', '${*}', '${?}', '${$}']) {
    assert.equal(textOf(text), text);
    assert.deepEqual(substituteVariables(text, {}).problems, []);
  }
});

test('substitute - keys and other types stay', () => {
  const value = { '${NAME}': [1, true, null, '${NAME}'] };
  assert.deepEqual(substituteVariables(value, ENVIRONMENT).value, { '${NAME}': [1, true, null, 'value'] });
});

test('substitute - a malformed reference is a problem that names the fix', () => {
  for (const text of ['${NAME', '${}', '${NA ME}', '${NAME-default}', '${1A}']) {
    const { problems } = substituteVariables({ key: text }, ENVIRONMENT);
    assert.equal(problems.length, 1, text);
    assert.deepEqual(problems[0]?.path, ['key']);
    assert.match(problems[0]?.message ?? '', /is not a variable; write \$\{NAME\} or \$\{NAME:-default\}/);
  }
});

test('substitute - values that are one reference are told apart', () => {
  const { wholePaths } = substituteVariables({ a: '${NAME}', b: 'x${NAME}', c: ['${NAME:-1}'] }, ENVIRONMENT);
  assert.deepEqual(wholePaths, [['a'], ['c', 0]]);
});
