/** Options of the `certificates` provider. */

import { z } from 'zod';

export const certificatesOptions = z.strictObject({});

export type CertificatesOptions = z.output<typeof certificatesOptions>;
