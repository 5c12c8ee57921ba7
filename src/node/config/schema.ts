/** The schema of drawbridge.yaml: types, checks, defaults and documentation in one. */

import { z } from 'zod';
import { checkReferences } from './references.ts';
import { directories } from './schema/directories.ts';
import { functions } from './schema/functions.ts';
import { limits, log, shutdownGraceSeconds } from './schema/limits.ts';
import { roles } from './schema/roles.ts';
import { servers } from './schema/servers.ts';
import { storage } from './schema/storage.ts';

/** The shape alone; its JSON Schema is what editors and the reference page use. */
export const configurationShape = z.strictObject({
  data: z
    .string()
    .min(1)
    .default('./data')
    .describe(
      'Folder of the server itself: host keys, database, certificates, demo files. Relative to this file.',
    ),
  storage,
  roles,
  functions,
  directories,
  servers,
  limits,
  shutdownGraceSeconds,
  log,
});

/** The shape, and what must fit together across keys. */
export const configurationSchema = configurationShape.superRefine((configuration, context) => {
  for (const { path, message } of checkReferences(configuration)) {
    context.addIssue({ code: 'custom', path: [...path], message });
  }
});

/** A checked configuration before its paths are resolved and its ids filled in. */
export type ParsedConfiguration = z.output<typeof configurationShape>;
