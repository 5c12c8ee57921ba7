/** The configuration's JSON Schema, and what it says of one place. */

import { z } from 'zod';
import type { Path } from './problem.ts';
import { configurationShape } from './schema.ts';

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
export function kindsOf({ anyOf }: JsonSchema): readonly JsonSchema[] {
  return anyOf ?? [];
}

/** The keys that may stand at a place of the file; none where keys are free or there is no such place. */
export function knownKeysAt(path: Path): readonly string[] {
  let schemas: readonly JsonSchema[] = [configurationJsonSchema()];
  for (const part of path) schemas = schemas.flatMap((schema) => childSchemas(schema, part));
  return schemas.flatMap(({ properties }) => Object.keys(properties ?? {}));
}

/** Of all kinds that the place may be of. */
function childSchemas(schema: JsonSchema, part: string | number): readonly JsonSchema[] {
  const child =
    typeof part === 'number' ? itemSchema(schema) : (memberSchema(schema, part) ?? valueSchema(schema));
  if (child === undefined) return [];
  const kinds = kindsOf(child);
  return kinds.length === 0 ? [child] : kinds;
}
