/** Makes a built-in provider from its configuration; only the code and the SDK of those in use are loaded. */

import type { ProviderChoice } from '../configuration.ts';
import type { Surroundings } from '../surroundings.ts';
import type { PersonProvider } from './provider.ts';

/** Nothing is connected yet. @throws IdentityFault CONFIGURATION_INVALID */
export async function createProvider(
  configuration: ProviderChoice,
  surroundings: Surroundings,
): Promise<PersonProvider> {
  switch (configuration.provider) {
    case 'okta':
      return (await import('./okta/provider.ts')).createOktaProvider(configuration.options, surroundings);
    case 'cognito':
      return (await import('./cognito/provider.ts')).createCognitoProvider(
        configuration.options,
        surroundings,
      );
    case 'entra':
      return (await import('./entra/provider.ts')).createEntraProvider(configuration.options, surroundings);
    case 'secrets-manager': {
      const { createSecretsManagerProvider } = await import('./secrets-manager/provider.ts');
      return createSecretsManagerProvider(configuration.options, surroundings);
    }
    case 'ldap':
      return (await import('./ldap/provider.ts')).createLdapProvider(configuration.options, surroundings);
    case 'onelogin':
      return (await import('./onelogin/provider.ts')).createOneLoginProvider(
        configuration.options,
        surroundings,
      );
    case 'oidc':
      return (await import('./oidc/provider.ts')).createOidcProvider(configuration.options, surroundings);
    case 'http':
      return (await import('./http/provider.ts')).createHttpProvider(configuration.options, surroundings);
    case 'file':
      return (await import('./file/provider.ts')).createFileProvider(configuration.options, surroundings);
    case 'sql':
      return (await import('./sql/provider.ts')).createSqlProvider(configuration.options, surroundings);
    case 'certificates': {
      const { createCertificatesProvider } = await import('./certificates/provider.ts');
      return createCertificatesProvider(configuration.options, surroundings);
    }
    case 'directory': {
      const { createDirectoryProvider } = await import('../directory/provider.ts');
      return createDirectoryProvider(configuration.options, surroundings);
    }
    case 'toolkit':
      return (await import('./toolkit/provider.ts')).createToolkitProvider(
        configuration.options,
        surroundings,
      );
  }
}
