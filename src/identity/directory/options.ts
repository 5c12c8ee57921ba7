/** Options of a directory: how it is reached, and what the members of its groups get. */

import { z } from 'zod';

export const directoryOptions = z.strictObject({});

export type DirectoryOptions = z.output<typeof directoryOptions>;
