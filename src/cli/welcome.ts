/** What a person reads after the start: where to connect and as whom. */

import type { Configuration } from '../node/config/load.ts';
import type { DemoUser } from '../node/demo.ts';
import type { RunningServer } from '../node/node.ts';

export interface Welcome {
  readonly version: string;
  readonly configuration: Configuration;
  readonly servers: readonly RunningServer[];
  readonly demo: DemoUser | undefined;
}

export function welcomeText({ version, configuration, servers, demo }: Welcome): string {
  const lines = [`Drawbridge ${version}`, ''];
  for (const server of servers) {
    const { host, port } = server.listen.SFTP;
    lines.push(`  ${server.serverId}  SFTP on ${host.includes(':') ? `[${host}]` : host}:${port}`);
  }
  for (const { type, fingerprint } of servers[0]?.hostKeys ?? []) {
    lines.push(`  host key  ${fingerprint} (${type})`);
  }
  lines.push(`  data in   ${configuration.data}`, '');
  if (demo !== undefined) lines.push(...demoLines(demo, servers));
  lines.push('Stop with Ctrl-C.', '');
  return `${lines.join('\n')}\n`;
}

function demoLines(demo: DemoUser, servers: readonly RunningServer[]): string[] {
  const [server] = servers;
  if (server === undefined) return [];
  const { host, port } = server.listen.SFTP;
  const password =
    demo.password ?? `shown at first start only; to get a new one, stop, remove ${demo.recordPath}, start`;
  return [
    'Connect from another terminal:',
    '',
    `  sftp -P ${port} ${demo.userName}@${host}`,
    '',
    `  user      ${demo.userName}`,
    `  password  ${password}`,
    `  files in  ${demo.filesPath}`,
    '',
  ];
}
