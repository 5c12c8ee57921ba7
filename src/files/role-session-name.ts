/** The name of a role session, which AWS writes into its logs and policies can ask for. */

/** STS: `[\w+=,.@-]`, 2 to 64 characters. */
const MAX_CHARACTERS = 64;
const NOT_ALLOWED = /[^\w+=,.@-]/g;

/** `username.sessionid@server-id`, as AWS Transfer names it; what STS does not take becomes `_`, and the end is cut off. */
export function roleSessionName(userName: string, sessionId: string, serverId: string): string {
  return `${userName}.${sessionId}@${serverId}`.replace(NOT_ALLOWED, '_').slice(0, MAX_CHARACTERS);
}
