import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import {
  configurationJsonSchema,
  definitionsOf,
  type JsonSchema,
  kindsOf,
  referenceOf,
} from './json-schema.ts';
import { configurationPage, configurationSchemaText, configurationSummary } from './reference.ts';

const docs = new URL('../../../docs/', import.meta.url);

test('docs - the reference page is what the schema says', async () => {
  assert.equal(
    await readFile(new URL('configuration.md', docs), 'utf8'),
    configurationPage(),
    'run npm run docs',
  );
});

test('docs - the JSON Schema file is what the schema says', async () => {
  const written = await readFile(new URL('drawbridge.schema.json', docs), 'utf8');
  assert.equal(written, configurationSchemaText(), 'run npm run docs');
});

/** Dotted names of all members without a description. */
function undocumented(schema: JsonSchema, name: string): string[] {
  const members = Object.entries(schema.properties ?? {}).flatMap(([key, member]) =>
    typeof member === 'object' ? [[`${name}.${key}`, member] as const] : [],
  );
  const free = [schema.additionalProperties, schema.items].flatMap((child) =>
    typeof child === 'object' && !Array.isArray(child) ? [child] : [],
  );
  return [
    ...kindsOf(schema).flatMap((kind) => undocumented(kind, name)),
    ...definitionsOf(schema).flatMap(([key, definition]) => undocumented(definition, key)),
    ...members.filter(([, member]) => needsWords(member)).map(([key]) => key),
    ...members.flatMap(([key, member]) => undocumented(member, key)),
    ...free.flatMap((child) => undocumented(child, `${name}.*`)),
  ];
}

/** What stands elsewhere is described there; what may not stand at all, and the name of a kind, need no words. */
function needsWords(member: JsonSchema): boolean {
  const { description, not, const: name } = member;
  return (
    description === undefined && not === undefined && name === undefined && referenceOf(member) === undefined
  );
}

test('docs - every key is described', () => {
  assert.deepEqual(undocumented(configurationJsonSchema(), ''), []);
});

test('docs - unknown keys are errors for editors too', () => {
  assert.equal(configurationJsonSchema().additionalProperties, false);
});

test('summary - one line for every top-level key', () => {
  const keys = configurationSummary()
    .split('\n')
    .map((line) => line.trim().split(' ')[0]);
  assert.deepEqual(keys, Object.keys(configurationJsonSchema().properties ?? {}));
});
