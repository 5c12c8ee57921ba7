/** The SSH server room's public list. */

export type { ByteChannel, ByteChannelHandler } from '../wire/byte-channel.ts';
export type { AuthAttempt, Authenticator, AuthMethod, AuthVerdict, LayerRefusal } from './authenticator.ts';
export { SshError, type SshErrorCode } from './error.ts';
export { fingerprint, HostKey, type HostKeyType } from './host-key.ts';
export { Scratch } from './packet-reader.ts';
export { PaddingSource } from './padding.ts';
export { type Agreement, DEFAULT_PROPOSAL, type Proposal } from './proposal.ts';
export { type PublicKey, PublicKeyError, parseAuthorizedKey, parsePublicKey } from './public-key.ts';
export {
  DEFAULT_IDLE_TIMEOUT_MS,
  DEFAULT_LOGIN_GRACE_MS,
  ServerConnection,
  type ServerConnectionOptions,
  type SharedResources,
} from './server-connection.ts';
export type { SessionRequest } from './session-channel.ts';
export { WindowBudget } from './window-budget.ts';
