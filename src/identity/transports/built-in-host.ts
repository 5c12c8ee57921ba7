/** The process of one built-in provider: receives its configuration, answers questions side by side, ends with the server. */

import { z } from 'zod';
import { builtInProvider } from '../configuration.ts';
import { IdentityFault } from '../decision.ts';
import { BuiltInFunction } from '../handler.ts';
import type { Surroundings } from '../surroundings.ts';
import type { BuiltInMessage, BuiltInReply } from './built-in-protocol.ts';
import { BuiltInServing } from './built-in-serving.ts';
import { openHostChannel } from './host-channel.ts';

const serving = new BuiltInServing({ make, send: openHostChannel<BuiltInReply>().send });
process.on('message', (message: BuiltInMessage) => serving.receive(message));
process.on('disconnect', () => void serving.close().then(() => process.exit()));

function make(configuration: unknown, surroundings: Surroundings): BuiltInFunction {
  const read = builtInProvider.safeParse(configuration);
  if (read.success) return new BuiltInFunction(read.data, surroundings);
  throw new IdentityFault('CONFIGURATION_INVALID', z.prettifyError(read.error));
}
