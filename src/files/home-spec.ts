/** What a user's home is made of: the value a Grant carries and `openHome` turns into a tree. */

import type { VirtualPath } from './virtual-path.ts';

/** One entry of a LOGICAL home (the API's HomeDirectoryMapEntry), variables expanded. */
export interface HomeMapping {
  /** Where the user sees it. */
  readonly entry: VirtualPath;
  /** `/bucket/prefix` or `/fs-id/directory`. */
  readonly target: VirtualPath;
  readonly type: 'FILE' | 'DIRECTORY';
}

export type HomeSpec =
  /** The user sees real paths (`/bucket/prefix/…`) and starts in `directory`. */
  | { readonly type: 'PATH'; readonly directory: VirtualPath }
  /** The user sees exactly the mappings; `directory` is where the session starts. */
  | { readonly type: 'LOGICAL'; readonly mappings: readonly HomeMapping[]; readonly directory: VirtualPath };
