/** What an SSH and SFTP server must do, each requirement with the id that its tests bear in front of their names. */

/** One part of the protocol. */
export interface RequirementGroup {
  readonly title: string;
  /** By id, in order: what is asked, in one line. */
  readonly requirements: Readonly<Record<string, string>>;
}

const TRANSPORT: RequirementGroup = {
  title: 'Transport',
  requirements: {
    'T-1': 'A client that says nothing after it connected is dropped when the login grace is over.',
    'T-2': 'An identification line that reaches 8 KiB without an end is refused.',
    'T-3':
      'Another protocol (HTTP) on the port is refused at its first bytes, and nothing of it is echoed or kept.',
    'T-4':
      'Both identifications, both KEXINITs and both public values go into the exchange hash: any changed byte breaks it.',
    'T-5':
      'A shared secret with a high first bit, or with leading zeros, is encoded right: mpint or string as the method asks.',
    'T-6':
      'A malformed public value (wrong length, coefficients out of range, off the curve, compressed, all zero) ends in DISCONNECT 3, never in a crash.',
    'T-7': "Strict key exchange: the client's KEXINIT must be its very first packet.",
    'T-8':
      'Strict key exchange: inside the first exchange anything but its own next message ends the connection.',
    'T-9':
      'Strict key exchange: each direction counts from 0 again behind every NEWKEYS, also of rekeys; without it the count goes on.',
    'T-10': 'A sequence number never wraps inside the first key exchange.',
    'T-11': 'The server itself sends nothing but key exchange messages before its first NEWKEYS.',
  },
};

const AUTHENTICATION: RequirementGroup = {
  title: 'Authentication and attacks',
  requirements: {
    'A-1': 'Login requests are answered one at a time, in the order they came; reading pauses meanwhile.',
    'A-2':
      'An answer of the identity side that comes after the connection ended, or after another request, changes nothing.',
    'A-3':
      'The identity of a session is made in one place, from the final verified step, never from an earlier query.',
    'A-4': 'Success is said exactly once; later login requests are not looked at.',
    'A-5': 'An empty password never logs in.',
    'A-6':
      'A wrong password of a user who exists and of one who does not are refused alike, in words and in time.',
    'A-7': 'A signature over another session id is refused.',
    'A-8': 'A signature over another user name is refused.',
    'A-9': 'A signature that names another algorithm than its request is refused.',
    'A-10':
      'A signature of another key than the one the request names is refused, also after a query for that key.',
    'A-11': 'One key cannot count for two key steps of a login.',
    'A-12': 'What an earlier step restricted stays in force: the session is the intersection of all steps.',
    'A-13':
      'A failed second step does not leave a first step done for somebody else: a change of user ends the connection.',
    'A-14':
      'Where key and password are both needed, nobody is asked about a password before a key is proven.',
    'A-15': 'keyboard-interactive and password are different methods; one never counts as the other.',
    'A-20':
      'Messages only a server sends (51, 52, 53, 60), coming from a client before the login, end the connection.',
    'A-21':
      'Messages of the connection protocol (80 to 127) before the login end the connection, unanswered.',
    'A-22':
      'No sequence of messages, valid or not, reaches channels or files before the login; success comes at most once.',
    'A-23':
      'After a query with one key and a login with another, the session belongs to the key that signed.',
    'A-24': 'A source-address restriction holds on every method and step that may end in success.',
    'A-25': 'A security key signature without the presence flag is refused.',
    'A-26': 'RSA keys below 2048 or above 16384 bits are refused before anything is computed with them.',
    'A-27': 'Sizes and offsets of 64 bits are exact or refused, never truncated to 32 bits or rounded.',
    'A-28': 'Thousands of replies nobody asked for (81, 82, 99, 100) are ignored and cost nothing.',
    'A-29': 'A hundred thousand refused channel openings leave no memory behind.',
    'A-30': "A client's extended data is dropped and its window is given back.",
    'A-31': 'The number of login requests of any kind is bounded, queries included.',
    'A-32': 'While a key exchange stalls, what is queued is bounded and producers are paused.',
    'A-33': 'PING before the login is dropped without an answer.',
    'A-34': 'Other messages behind the KEXINIT of the client end the connection instead of being queued.',
    'A-35':
      'The end of the login grace does no unsafe work and races a success cleanly: one of the two wins.',
    'A-36':
      'The user never changes after the first request, and EXT_INFO is taken only right behind NEWKEYS.',
    'A-37':
      'A key blob is only bytes; an exception, a timeout or an odd answer of the identity side is a refusal.',
    'A-38': 'No user is attached to a connection before the login is verified.',
    'A-39': 'User names with NUL or control characters are refused when they are read.',
    'A-40':
      'A user name put into a home template cannot bring a slash, a backslash, dot-dot, NUL or nothing at all.',
    'A-41': 'A login request is read to its end before anybody is looked up.',
  },
};

const CHANNELS: RequirementGroup = {
  title: 'Channels',
  requirements: {
    'C-1': 'At most ten sessions are open on one connection.',
    'C-2': 'Each SFTP channel has handles of its own and its fair share of the connection.',
    'C-3': 'A window that would exceed 2^32 - 1 ends the connection.',
    'C-4': 'A channel whose client reads slowly does not stop the other channels.',
    'C-5': 'Nothing a client sends starts a process.',
  },
};

const FILES: RequirementGroup = {
  title: 'SFTP',
  requirements: {
    'F-1': 'A READ that does not touch the end of the file is answered whole, up to the largest length.',
    'F-2': 'A READ at or past the end is answered EOF, never with empty DATA.',
    'F-3': 'A READ is never answered with more than it asked for.',
    'F-4': 'The size in attributes is exact.',
    'F-5': 'The lengths that limits@openssh.com announces are never 0.',
    'F-40': 'One function makes paths canonical, and it comes before every decision.',
    'F-41': 'Prefixes of paths are compared in whole names.',
    'F-42':
      'Links and mappings that lead out of the root are refused in every operation, and none shows a real path.',
    'F-43': 'Dot-dot at the root stays at the root.',
    'F-50': 'A SETSTAT of a path waits for the CLOSE of a handle of that path sent before it.',
    'F-51': 'A FSETSTAT of a file being written is applied to what is published.',
    'F-52': 'A SETSTAT that changes nothing (size 0 right after TRUNC, the size it has) succeeds.',
    'F-53': 'Unknown attribute flags are passed over.',
    'F-60':
      'A WRITE is answered without waiting for a whole part of an upload: clients stop at a few megabytes unanswered.',
    'F-61':
      'A gap that is never filled, or a write behind what is already stored, is refused or spilled, never lost silently.',
    'F-62':
      'What an open file holds in memory is bounded, for one handle and for all together; at the bound no credit is given.',
    'F-63': 'Every queued request costs something in the budget, so that a flood of small ones is bounded.',
  },
};

const PERFORMANCE: RequirementGroup = {
  title: 'Performance',
  requirements: {
    'P-1':
      'Ciphers and MACs are given one cached KeyObject for each direction, never raw key bytes for each packet.',
    'P-2': 'Small replies of one turn share packets.',
    'P-3': 'A direction of a cipher is an interface of its own, so that a faster one can take its place.',
    'P-4': 'Random padding comes from a pool and is as short as the block size allows.',
    'P-5': 'AES-CTR with encrypt-then-MAC is measured beside AES-GCM: older clients choose it.',
    'P-6': 'HMACs are made in the cheapest of the two equal ways, with a KeyObject.',
    'P-10': '1 GiB up and down over AES-GCM on loopback grows the process by less than 200 MiB.',
    'P-11': 'At 100 ms round-trip time at least 80 % of window / RTT is reached.',
    'P-12': 'For a client that stops reading no more than the cap is queued.',
    'P-13': 'While the storage stalls, at most the window is held and memory stays flat.',
    'P-14': 'An idle connection costs at most about 100 KiB.',
    'P-15': 'Handshakes per second and core are measured.',
    'P-16': 'A rekey during a transfer stalls it for less than 100 ms.',
  },
};

export const REQUIREMENT_GROUPS: readonly RequirementGroup[] = [
  TRANSPORT,
  AUTHENTICATION,
  CHANNELS,
  FILES,
  PERFORMANCE,
];
