/** The configuration's JSON Schema, and what it says of one place. */

import { z } from 'zod';
import type { Path } from './problem.ts';
import { configurationShape } from './schema.ts';

/** Where a reference within the schema begins. */
const DEFINITIONS = '#/$defs/';

export type JsonSchema = z.core.JSONSchema.BaseSchema;

/** JSON Schema 2020-12 of what may be written; defaults are filled in by the loader. */
export function configurationJsonSchema(): JsonSchema {
  const { $schema, ...schema } = z.toJSONSchema(configurationShape, { io: 'input' });
  return { ...($schema === undefined ? {} : { $schema }), title: 'drawbridge.yaml', ...schema };
}

/** The schema of one item of a list. */
export function itemSchema({ items }: JsonSchema): JsonSchema | undefined {
  return typeof items === 'object' && !Array.isArray(items) ? items : undefined;
}

/** The schema of the values of a mapping whose keys are free. */
export function valueSchema({ additionalProperties, propertyNames }: JsonSchema): JsonSchema | undefined {
  return propertyNames !== undefined && typeof additionalProperties === 'object'
    ? additionalProperties
    : undefined;
}

/** The schema of one member of a mapping. */
export function memberSchema({ properties }: JsonSchema, name: string): JsonSchema | undefined {
  const member = properties !== undefined && Object.hasOwn(properties, name) ? properties[name] : undefined;
  return typeof member === 'object' ? member : undefined;
}

/** The kinds that a value can be of, where it can be of several. */
export function kindsOf({ anyOf, oneOf }: JsonSchema): readonly JsonSchema[] {
  return anyOf ?? oneOf ?? [];
}

/** The definition that a schema refers to: its name below `$defs`. */
export function referenceOf({ $ref }: JsonSchema): string | undefined {
  return $ref?.startsWith(DEFINITIONS) ? $ref.slice(DEFINITIONS.length) : undefined;
}

/** What stands more than once in the schema, by name. */
export function definitionsOf({ $defs = {} }: JsonSchema): readonly (readonly [string, JsonSchema])[] {
  return Object.entries($defs).flatMap(([name, schema]) =>
    typeof schema === 'object' ? [[name, schema] as const] : [],
  );
}

/** The keys that may stand at a place of the file; none where keys are free or there is no such place. */
export function knownKeysAt(path: Path): readonly string[] {
  const root = configurationJsonSchema();
  const definitions = new Map(definitionsOf(root));
  let schemas: readonly JsonSchema[] = [root];
  for (const part of path)
    schemas = schemas
      .flatMap((schema) => childOf(schema, part))
      .flatMap((child) => allKinds(child, definitions));
  return [...new Set(schemas.flatMap(({ properties }) => Object.keys(properties ?? {})))];
}

function childOf(schema: JsonSchema, part: string | number): readonly JsonSchema[] {
  const child =
    typeof part === 'number' ? itemSchema(schema) : (memberSchema(schema, part) ?? valueSchema(schema));
  return child === undefined ? [] : [child];
}

/** What the place may be: of each kind, and what is referred to in place of the reference. */
function allKinds(schema: JsonSchema, definitions: ReadonlyMap<string, JsonSchema>): readonly JsonSchema[] {
  const definition = definitions.get(referenceOf(schema) ?? '');
  if (definition !== undefined) return allKinds(definition, definitions);
  const kinds = kindsOf(schema);
  return kinds.length === 0 ? [schema] : kinds.flatMap((kind) => allKinds(kind, definitions));
}
