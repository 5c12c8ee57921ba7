/** A view of a simulated bucket, as a session has it. */

import type { TestContext } from 'node:test';
import { BlockPool } from '../../../block-pool.ts';
import type { StorageSession } from '../../../storage.ts';
import { testSession } from '../../../testing/fixture.ts';
import { ROOT, virtualPath } from '../../../virtual-path.ts';
import { EmptiedDirectories } from '../emptied.ts';
import { S3FileSystem } from '../file-system.ts';
import type { ObjectStore } from '../object-store.ts';
import { UploadMemory } from '../upload-memory.ts';
import type { SimulatedS3, SimulatedS3Options } from './simulated-s3.ts';
import { simulatedStore } from './simulated-store.ts';

const MIB = 1024 * 1024;

export interface ViewOptions {
  readonly root?: string;
  readonly session?: Partial<StorageSession>;
  readonly onUnreadableName?: () => void;
}

export interface S3Fixture {
  readonly service: SimulatedS3;
  readonly store: ObjectStore;
  readonly pool: BlockPool;
  readonly files: S3FileSystem;
  /** Another view of the same bucket. */
  view(options?: ViewOptions): S3FileSystem;
  /** Stores without a request: a key and its text. */
  fill(contents: Readonly<Record<string, string>>): void;
}

export async function s3Fixture(
  context: TestContext,
  { root, session, onUnreadableName, ...service }: ViewOptions & SimulatedS3Options = {},
): Promise<S3Fixture> {
  const simulated = await simulatedStore(context, service);
  const pool = new BlockPool();
  const emptied = new EmptiedDirectories();
  const view = (options: ViewOptions = {}): S3FileSystem => viewOf(simulated.store, pool, options, emptied);
  return {
    ...simulated,
    pool,
    view,
    files: view({
      ...(root === undefined ? {} : { root }),
      ...(session === undefined ? {} : { session }),
      ...(onUnreadableName === undefined ? {} : { onUnreadableName }),
    }),
    fill(contents) {
      for (const [key, text] of Object.entries(contents))
        simulated.service.contents.put(key, Buffer.from(text));
    },
  };
}

export function viewOf(
  store: ObjectStore,
  pool: BlockPool,
  { root = ROOT, session = {}, onUnreadableName = () => {} }: ViewOptions = {},
  emptied = new EmptiedDirectories(),
): S3FileSystem {
  return new S3FileSystem({
    store,
    session: { ...testSession(), ...session },
    root: virtualPath(root),
    pool,
    emptied,
    uploads: { memory: new UploadMemory({ maxBytes: 96 * MIB }), firstPartBytes: 8 * MIB, partsInFlight: 4 },
    onUnreadableName,
  });
}
