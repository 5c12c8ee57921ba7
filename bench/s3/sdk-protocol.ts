/** What the bench and its program with the AWS SDK tell each other. */

import { z } from 'zod';

/** The first message. */
export const Bucket = z.object({
  endpoint: z.string(),
  region: z.string(),
  accessKeyId: z.string(),
  secretAccessKey: z.string(),
  bucket: z.string(),
});

/** Every further message; several may be under way. */
export const Order = z.discriminatedUnion('action', [
  z.object({ id: z.number(), action: z.literal('put'), local: z.string(), key: z.string() }),
  z.object({ id: z.number(), action: z.literal('get'), local: z.string(), key: z.string() }),
  z.object({ id: z.number(), action: z.literal('list'), prefix: z.string() }),
]);

/** The answer to the order of the id. */
export const Answer = z.object({
  id: z.number(),
  error: z.string().optional(),
  firstSeconds: z.number().optional(),
  entries: z.number().optional(),
});

export type Bucket = z.infer<typeof Bucket>;
export type Order = z.infer<typeof Order>;
export type Answer = z.infer<typeof Answer>;
