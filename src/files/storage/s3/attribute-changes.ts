/** What SETSTAT can change of an object: its size, and its time by a copy onto itself. */

import { FileError } from '../../error.ts';
import type { AttributeChanges } from '../../file-system.ts';
import { changedProperties, markerProperties, modifiedMs, propertiesOf, withTime } from './attributes.ts';
import type { ObjectHead } from './object-store.ts';
import type { Entry, S3View } from './view.ts';
import { EMPTY_BODY, whereFree } from './where-free.ts';

const MS_PER_SECOND = 1000;

/** Cuts an object to a size that is not 0. */
export type Cut = (head: ObjectHead, sizeBytes: number) => Promise<void>;

/** Tries every change and throws the last failure, as OpenSSH does. @throws FileError NOT_SUPPORTED, IS_A_DIRECTORY */
export async function changeAttributes(
  view: S3View,
  entry: Entry,
  { sizeBytes, mode, owner, times }: AttributeChanges,
  cut: Cut,
): Promise<void> {
  let failure: unknown;
  const attempt = (change: Promise<void>): Promise<void> =>
    change.catch((error: unknown) => {
      failure = error;
    });
  let current = entry;
  if (sizeBytes !== undefined) {
    await attempt(changeSize(view, entry, sizeBytes, cut));
    current = await afterChange(view, entry);
  }
  if (times !== undefined) await attempt(changeTime(view, current, times.modifiedSeconds));
  if (mode !== undefined || owner !== undefined) {
    failure = new FileError('NOT_SUPPORTED', 'objects of S3 have no mode and no owner that could be changed');
  }
  if (failure !== undefined) throw failure;
}

async function changeSize(view: S3View, entry: Entry, sizeBytes: number, cut: Cut): Promise<void> {
  if (entry.kind === 'directory') throw new FileError('IS_A_DIRECTORY');
  const { head } = entry;
  if (sizeBytes === head.sizeBytes) return;
  if (sizeBytes > head.sizeBytes)
    throw new FileError('NOT_SUPPORTED', 'an S3 object cannot be extended with nothing');
  if (sizeBytes > 0) return cut(head, sizeBytes);
  const properties = changedProperties(head, view.session);
  await view.store.put(head.key, EMPTY_BODY, properties, {}, view.signal);
}

/** A changed object has another ETag, which a copy names. */
async function afterChange({ store, signal }: S3View, entry: Entry): Promise<Entry> {
  if (entry.kind === 'directory') return entry;
  const head = await store.head(entry.head.key, signal);
  if (head === undefined) throw new FileError('NOT_FOUND');
  return { kind: 'file', head };
}

async function changeTime(view: S3View, entry: Entry, modifiedSeconds: number): Promise<void> {
  const { store, session, signal } = view;
  const head = entry.kind === 'file' ? entry.head : await view.marker(entry.prefix);
  if (head !== undefined) {
    // A copy of a large object takes its time, and clients set the time they have just been shown.
    if (modifiedMs(head) === modifiedSeconds * MS_PER_SECOND) return;
    await store.copy(head, head.key, withTime(propertiesOf(head), modifiedSeconds), {}, signal);
    return;
  }
  if (entry.kind === 'file' || entry.prefix === '') throw new FileError('NOT_SUPPORTED');
  const marker = withTime(markerProperties(session), modifiedSeconds);
  await whereFree((condition) => store.put(entry.prefix, EMPTY_BODY, marker, condition, signal));
}
