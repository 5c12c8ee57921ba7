/** How the server itself opens files that it only looks into. */

import type { OpenMode } from '../files/file-system.ts';

export const READ_ONLY: OpenMode = {
  read: true,
  write: false,
  append: false,
  create: false,
  truncate: false,
  exclusive: false,
};
