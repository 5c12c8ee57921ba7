/** Options of the `toolkit` provider. */

import { z } from 'zod';

export const toolkitOptions = z.strictObject({});

export type ToolkitOptions = z.output<typeof toolkitOptions>;
