/** Every fuzz target by its name. */

import { authentication } from './authentication.ts';
import { channels } from './channels.ts';
import { kex } from './kex.ts';
import { packetParser } from './packet-parser.ts';
import { sftpStream } from './sftp-stream.ts';
import { stateMachine } from './state-machine.ts';
import { type Fuzzer, fuzzer } from './target.ts';
import { keyLines, paths } from './text-parsers.ts';

export const FUZZERS: readonly Fuzzer[] = [
  fuzzer(packetParser),
  fuzzer(kex),
  fuzzer(authentication),
  fuzzer(channels),
  fuzzer(sftpStream),
  fuzzer(stateMachine),
  fuzzer(keyLines),
  fuzzer(paths),
];
