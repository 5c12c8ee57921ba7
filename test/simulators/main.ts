/** The simulators as one: what `drawbridge simulate` starts, and what it tells the person who started it. */

import { startEntraSimulator } from './entra/main.ts';
import { startOktaSimulator } from './okta/main.ts';
import { startOneLoginSimulator } from './onelogin/main.ts';

export interface Simulation {
  /** For the person who runs it: what to write into the configuration, and who can log in. */
  readonly text: string;
  close(): Promise<void>;
}

/** @param port 0 takes any free one. @throws RangeError for a vendor that has no simulator */
export async function startSimulator(vendor: string, port: number): Promise<Simulation> {
  switch (vendor) {
    case 'okta':
      return startOkta(port);
    case 'entra':
      return startEntra(port);
    case 'onelogin':
      return startOneLogin(port);
    default:
      throw new RangeError(`there is no simulator of ${vendor}`);
  }
}

async function startOkta(port: number): Promise<Simulation> {
  const { origin, apiToken, users, stop } = await startOktaSimulator({ port });
  const people = users.map(({ login, password, secondFactor }) => [login, password, secondFactor]);
  const options = { orgUrl: origin, apiToken, signInDomain: 'example.com', mfa: 'none' };
  return { text: textOf('okta', options, ['login', 'password', 'second factor'], people), close: stop };
}

async function startEntra(port: number): Promise<Simulation> {
  const { origin, authorityUrl, clientId, clientSecret, users, namedErrors, stop } =
    await startEntraSimulator({
      port,
    });
  const people = [
    ...users.map(({ userPrincipalName, password }) => [userPrincipalName, password ?? 'none']),
    ...Object.entries(namedErrors).map(([name, error]) => [name, `any: ends in AADSTS${error}`]),
  ];
  const options = { authority: authorityUrl, graphUrl: origin, clientId, clientSecret };
  return { text: textOf('entra', options, ['user principal name', 'password'], people), close: stop };
}

async function startOneLogin(port: number): Promise<Simulation> {
  const { origin, subdomain, clientId, clientSecret, users, stop } = await startOneLoginSimulator({ port });
  const people = users.map(({ username, password, devices = [] }) => [
    username,
    password,
    devices.map((device) => ('code' in device ? `${device.type} ${device.code}` : device.type)).join(', ') ||
      'none',
  ]);
  const options = { url: origin, subdomain, clientId, clientSecret };
  return { text: textOf('onelogin', options, ['user name', 'password', 'devices'], people), close: stop };
}

function textOf(
  provider: string,
  options: Readonly<Record<string, string>>,
  columns: readonly string[],
  people: readonly (readonly string[])[],
): string {
  const lines = Object.entries(options).map(([name, value]) => `  ${name}: ${JSON.stringify(value)}`);
  const widths = columns.map((column, index) =>
    Math.max(column.length, ...people.map((person) => (person[index] ?? '').length)),
  );
  const row = (cells: readonly string[]) =>
    cells
      .map((cell, index) => cell.padEnd(widths[index] ?? 0))
      .join('  ')
      .trimEnd();
  return [
    'For drawbridge.yaml:',
    '',
    `provider: ${provider}`,
    'options:',
    ...lines,
    '',
    row(columns),
    ...people.map(row),
    '',
  ].join('\n');
}
