/** The `drawbridge` command. */

import { Command } from 'commander';
import { productVersion } from '../node/version.ts';
import { identityCommand } from './identity.ts';
import { serveCommand } from './serve.ts';
import { simulateCommand } from './simulate.ts';
import { testIdentityProviderCommand } from './test-identity-provider.ts';
import { whyCommand } from './why.ts';

const program = new Command('drawbridge')
  .description('Self-hosted file transfer for the identity provider and the storage you already have.')
  .version(productVersion())
  .showHelpAfterError()
  .addCommand(serveCommand())
  .addCommand(whyCommand())
  .addCommand(testIdentityProviderCommand())
  .addCommand(identityCommand())
  .addCommand(simulateCommand());

await program.parseAsync();
