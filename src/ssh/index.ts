/** The SSH server room's public list. */

export type { ByteChannel, ByteChannelHandler } from '../wire/byte-channel.ts';
export type {
  AuthAttempt,
  Authenticator,
  AuthMethod,
  AuthVerdict,
  Challenge,
  DialogueAttempt,
  KeyAttempt,
  KeyTerms,
  LayerRefusal,
  PasswordChange,
  PasswordVerdict,
  Prompt,
} from './authenticator.ts';
export { type AuthorizedKey, parseAuthorityKey, parseAuthorizedKey } from './authorized-key.ts';
export type { Certificate } from './certificate.ts';
export { DialogueError, MAX_PROMPTS, MAX_ROUNDS } from './dialogue.ts';
export { SshError, type SshErrorCode } from './error.ts';
export { fingerprint, HostKey, type HostKeyType } from './host-key.ts';
export { KexGate, type KexGateLimits } from './kex/gate.ts';
export { PrivateKeyError, type PrivateKeyErrorCode } from './openssh-private-key.ts';
export { Scratch } from './packet-reader.ts';
export { PaddingSource } from './padding.ts';
export {
  type Agreement,
  DEFAULT_PROPOSAL,
  isAcceptable,
  type KexInit,
  NegotiationError,
  type Proposal,
} from './proposal.ts';
export { type PublicKey, PublicKeyError, parsePublicKey } from './public-key.ts';
export {
  DEFAULT_IDLE_TIMEOUT_MS,
  DEFAULT_LOGIN_GRACE_MS,
  ServerConnection,
  type ServerConnectionOptions,
  type SharedResources,
} from './server-connection.ts';
export type { SessionRequest } from './session-channel.ts';
export { Turns } from './turns.ts';
export { WindowBudget } from './window-budget.ts';
