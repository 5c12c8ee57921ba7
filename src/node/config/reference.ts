/** Writes the reference page, the JSON Schema file and the summary for `--help` from the schema. */

import {
  configurationJsonSchema,
  definitionsOf,
  itemSchema,
  type JsonSchema,
  kindsOf,
  memberSchema,
  referenceOf,
  valueSchema,
} from './json-schema.ts';

/** A whole configuration; a test loads it. */
export const EXAMPLE = `\
data: ./data
storage:
  buckets:
    demo-bucket: { path: ./data/buckets/demo-bucket }
    partner-data:
      endpoint: http://127.0.0.1:9000
      pathStyle: true
      credentials: { accessKeyId: '\${S3_KEY_ID:-id}', secretAccessKey: '\${S3_SECRET:-secret}' }
  fileSystems:
    fs-0123456789abcdef0: { path: /mnt/efs }
roles:
  arn:aws:iam::000000000000:role/transfer-user: {}
functions:
  arn:aws:lambda:us-east-1:000000000000:function:partners:
    module: ./functions/partners.ts
    environment: { KEY: '\${PARTNERS_KEY:-value}' }
    timeoutSeconds: 10
servers:
  - Protocols: [SFTP]
    Domain: S3
    IdentityProviderType: AWS_LAMBDA
    IdentityProviderDetails: { Function: 'arn:aws:lambda:us-east-1:000000000000:function:partners' }
    listen: { SFTP: 127.0.0.1:2222 }
`;

const VARIABLES = `\
## Environment variables

A value may hold environment variables; a key may not.

| written | becomes |
|---|---|
| \`\${NAME}\` | the variable; it is an error when it is not set |
| \`\${NAME:-default}\` | the variable, or the default when it is not set or empty |
| \`$\${\` | a plain \`\${\` |
| \`\${transfer:UserName}\` and other words with a colon | stay as they are: they are policy variables |

A variable that is the whole value is read as a number where a number is expected. Inside \`{ … }\` and \`[ … ]\`, YAML
needs quotes around a value with a variable: \`{ path: '\${DATA}/files' }\`.
`;

interface Row {
  readonly key: string;
  readonly schema: JsonSchema;
  readonly isRequired: boolean;
}

/** The text of docs/configuration.md. */
export function configurationPage(): string {
  const schema = configurationJsonSchema();
  const definitions = definitionsOf(schema).map(([key, definition]) => ({ key, schema: definition }));
  const sections = [
    ...topLevelRows(schema).map((row) => section(row.key, row)),
    ...definitions.map((each) => section(each.key, { ...each, key: '', isRequired: false })),
  ];
  return [
    '# Configuration',
    '',
    '<!-- Generated from src/node/config/schema.ts by "npm run docs". Do not edit. -->',
    '',
    'One YAML file, `drawbridge.yaml`. Unknown keys are errors. Relative paths begin at the folder of the file.',
    'Editors check the file with [drawbridge.schema.json](drawbridge.schema.json).',
    '',
    '```yaml',
    EXAMPLE.trimEnd(),
    '```',
    '',
    VARIABLES,
    ...sections,
  ].join('\n');
}

/** The text of docs/drawbridge.schema.json. */
export function configurationSchemaText(): string {
  return `${JSON.stringify(configurationJsonSchema(), undefined, 2)}\n`;
}

/** The top-level keys with one sentence each, for `--help`. */
export function configurationSummary(): string {
  const rows = topLevelRows(configurationJsonSchema());
  const width = Math.max(...rows.map(({ key }) => key.length));
  return rows.map(({ key, schema }) => `  ${key.padEnd(width)}  ${firstSentence(schema)}`).join('\n');
}

function topLevelRows(schema: JsonSchema): Row[] {
  return childRows({ key: '', schema, isRequired: true });
}

function section(title: string, row: Row): string {
  const rows = descendants(row);
  const lines = (rows.length === 0 ? [row] : rows).map((each) => tableLine(each));
  const introduction = rows.length === 0 ? [] : [row.schema.description ?? '', ''];
  const table = ['| key | value | default | meaning |', '|---|---|---|---|', ...new Set(lines)];
  return [`## ${title}`, '', ...introduction, ...table, ''].join('\n');
}

function descendants(row: Row): Row[] {
  return childRows(row).flatMap((child) => [
    ...(child.schema.description === undefined && referenceOf(child.schema) === undefined ? [] : [child]),
    ...descendants(child),
  ]);
}

function childRows({ key, schema }: Row): Row[] {
  const kinds = kindsOf(schema);
  if (schema.oneOf !== undefined) return childRows({ key, schema: united(kinds), isRequired: false });
  // A kind that stands elsewhere is named in the row of the value itself.
  const kindsHere = kinds.filter((kind) => referenceOf(kind) === undefined);
  if (kinds.length > 0) return kindsHere.map((kind) => ({ key, schema: kind, isRequired: false }));
  const item = itemSchema(schema);
  if (item !== undefined) return childRows({ key: `${key}[]`, schema: item, isRequired: true });
  const value = valueSchema(schema);
  if (value !== undefined) return [{ key: `${key}.<${keyName(schema)}>`, schema: value, isRequired: false }];
  return Object.keys(schema.properties ?? {}).flatMap((name) => {
    const member = memberSchema(schema, name);
    if (member === undefined) return [];
    const isRequired = schema.required?.includes(name) === true;
    return [{ key: key === '' ? name : `${key}.${name}`, schema: member, isRequired }];
  });
}

/** Kinds that one member tells apart, as one mapping: all values of that member, and all members of the kinds once. */
function united(kinds: readonly JsonSchema[]): JsonSchema {
  const names = new Set(kinds.flatMap(({ properties }) => Object.keys(properties ?? {})));
  const properties = [...names].map((name) => {
    const members = kinds.map((kind) => memberSchema(kind, name)).filter((member) => member !== undefined);
    return [name, unitedMember(members)] as const;
  });
  return { properties: Object.fromEntries(properties), required: kinds[0]?.required ?? [] };
}

function unitedMember(members: readonly JsonSchema[]): JsonSchema {
  const values = members.flatMap((member) => (typeof member.const === 'string' ? [member.const] : []));
  if (values.length > 0) return { enum: values, description: 'Which kind it is.' };
  const [first = {}] = members;
  const isAlike = members.every((member) => JSON.stringify(member) === JSON.stringify(first));
  return isAlike ? first : { anyOf: [...members], description: first.description ?? 'As the kind says.' };
}

function keyName({ propertyNames }: JsonSchema): string {
  return (typeof propertyNames === 'object' ? propertyNames.description : undefined) ?? 'name';
}

function tableLine({ key, schema, isRequired }: Row): string {
  const cells = [`\`${key}\``, valueText(schema), defaultText(schema, isRequired), meaningText(schema)];
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|').replaceAll('\n', ' ')).join(' | ')} |`;
}

function meaningText(schema: JsonSchema): string {
  return schema.description ?? (referenceOf(schema) === undefined ? '' : 'See there.');
}

function valueText(schema: JsonSchema): string {
  const reference = referenceOf(schema);
  if (reference !== undefined) return `[${reference}](#${reference.toLowerCase()})`;
  const kinds = kindsOf(schema);
  if (kinds.length > 0) return [...new Set(kinds.map(valueText))].join(', ');
  if (schema.enum !== undefined) return schema.enum.map((value) => `\`${String(value)}\``).join(', ');
  const item = itemSchema(schema);
  if (item !== undefined) return `list of ${valueText(item)}`;
  if (schema.type === 'object') return 'mapping';
  if (schema.const !== undefined) return `\`${String(schema.const)}\``;
  if (schema.type === 'integer' || schema.type === 'number')
    return `${schema.minimum ?? ''} to ${schema.maximum ?? ''}`;
  if (schema.type === 'boolean') return '`true`, `false`';
  return schema.type === 'string' ? 'text' : 'any';
}

function defaultText(schema: JsonSchema, isRequired: boolean): string {
  if (schema.default !== undefined && schema.type !== 'object')
    return `\`${JSON.stringify(schema.default)}\``;
  return isRequired ? 'required' : '';
}

function firstSentence({ description = '' }: JsonSchema): string {
  return /^.*?\.(?=\s|$)/s.exec(description)?.[0] ?? description;
}
