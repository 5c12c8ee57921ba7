/** Message numbers and reason codes of the SSH protocol. */

/** RFC 4253 section 12, RFC 4252 section 6, RFC 4254 section 9, RFC 8308, RFC 5656, RFC 4419, and OpenSSH's PROTOCOL (192). */
export const Message = {
  DISCONNECT: 1,
  IGNORE: 2,
  UNIMPLEMENTED: 3,
  DEBUG: 4,
  SERVICE_REQUEST: 5,
  SERVICE_ACCEPT: 6,
  EXT_INFO: 7,
  KEXINIT: 20,
  NEWKEYS: 21,
  /** KEXDH_INIT, KEX_ECDH_INIT and the hybrids' C_INIT. */
  KEX_INIT: 30,
  /** KEXDH_REPLY, KEX_ECDH_REPLY and the hybrids' S_REPLY. */
  KEX_REPLY: 31,
  KEX_GEX_GROUP: 31,
  KEX_GEX_INIT: 32,
  KEX_GEX_REPLY: 33,
  KEX_GEX_REQUEST: 34,
  USERAUTH_REQUEST: 50,
  USERAUTH_FAILURE: 51,
  USERAUTH_SUCCESS: 52,
  USERAUTH_BANNER: 53,
  /** 60 and 61 mean something else in each method. */
  USERAUTH_PK_OK: 60,
  USERAUTH_PASSWD_CHANGEREQ: 60,
  USERAUTH_INFO_REQUEST: 60,
  USERAUTH_INFO_RESPONSE: 61,
  GLOBAL_REQUEST: 80,
  REQUEST_SUCCESS: 81,
  REQUEST_FAILURE: 82,
  CHANNEL_OPEN: 90,
  CHANNEL_OPEN_CONFIRMATION: 91,
  CHANNEL_OPEN_FAILURE: 92,
  CHANNEL_WINDOW_ADJUST: 93,
  CHANNEL_DATA: 94,
  CHANNEL_EXTENDED_DATA: 95,
  CHANNEL_EOF: 96,
  CHANNEL_CLOSE: 97,
  CHANNEL_REQUEST: 98,
  CHANNEL_SUCCESS: 99,
  CHANNEL_FAILURE: 100,
  PING: 192,
} as const;

/** Key exchange messages: 20, 21 and the method-specific 30 to 49 (RFC 4253 section 7). */
export function isKexMessage(number: number): boolean {
  return number === Message.KEXINIT || number === Message.NEWKEYS || (number >= 30 && number <= 49);
}

/** RFC 4253 section 11.1. */
export const DisconnectReason = {
  PROTOCOL_ERROR: 2,
  KEY_EXCHANGE_FAILED: 3,
  MAC_ERROR: 5,
  SERVICE_NOT_AVAILABLE: 7,
  CONNECTION_LOST: 10,
  BY_APPLICATION: 11,
  TOO_MANY_CONNECTIONS: 12,
} as const;

/** RFC 4254 section 5.1. */
export const OpenFailure = {
  ADMINISTRATIVELY_PROHIBITED: 1,
  UNKNOWN_CHANNEL_TYPE: 3,
  RESOURCE_SHORTAGE: 4,
} as const;
