/** Configuration of limits, the log and the stop. */

import { z } from 'zod';

/** 2^32 blocks of AES (RFC 4344 section 3.2). */
const MAX_REKEY_MEGABYTES = 65_536;

export const limits = z
  .strictObject({
    maxConnections: z
      .int()
      .min(1)
      .max(1_000_000)
      .default(1000)
      .describe('Most connections at once, of all servers.'),
    maxUnauthenticatedConnections: z
      .int()
      .min(1)
      .max(1_000_000)
      .default(100)
      .describe('Most connections at once that have not logged in yet.'),
    maxUnauthenticatedPerAddress: z
      .int()
      .min(1)
      .max(1_000_000)
      .default(50)
      .describe('The same from one client address, so that one client cannot take all of them.'),
    maxLoginAttempts: z
      .int()
      .min(1)
      .max(100)
      .default(6)
      .describe('Failed attempts after which a connection is closed.'),
    loginGraceSeconds: z
      .int()
      .min(5)
      .max(3600)
      .default(120)
      .describe('Longest time from the connection to the end of the login.'),
    idleTimeoutSeconds: z
      .int()
      .min(10)
      .max(86_400)
      .default(1800)
      .describe('A session in which nothing happens for this long is closed.'),
    rekeyAfterMegabytes: z
      .int()
      .min(1)
      .max(MAX_REKEY_MEGABYTES)
      .default(MAX_REKEY_MEGABYTES)
      .describe(
        'New session keys are agreed on after this much data in one direction. By default 64 GiB, the bound of ' +
          'RFC 4344; some auditors want 1024.',
      ),
    rekeyAfterSeconds: z
      .int()
      .min(60)
      .max(86_400)
      .optional()
      .describe('And after this time, with the next message. By default never; some auditors want 3600.'),
  })
  .prefault({})
  .describe('Bounds that keep one client from using up the server.');

export const shutdownGraceSeconds = z
  .int()
  .min(0)
  .max(3600)
  .default(30)
  .describe('Time that open transfers get to finish when the server is told to stop.');

export const log = z
  .strictObject({
    level: z
      .enum(['debug', 'info', 'warn', 'error', 'silent'])
      .default('info')
      .describe('Least serious messages that are written.'),
  })
  .prefault({})
  .describe('The log.');
