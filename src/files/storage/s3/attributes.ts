/** Attributes of objects between S3 and the `FileSystem` interface, and what every object of ours is written with. */

import type { FileAttributes } from '../../file-system.ts';
import type { StorageSession } from '../../storage.ts';
import type { ObjectFacts, ObjectHead, ObjectProperties } from './object-store.ts';

/** User metadata that keeps the time a client set: seconds since the epoch, as rclone and s3fs write it too. */
const MTIME = 'mtime';
/** Seconds with an optional fraction; some tools write nanoseconds behind the point. */
const MTIME_FORMAT = /^\d{1,12}(\.\d{1,9})?$/;
/** Content type of the markers, as the consoles of AWS write it. */
const MARKER_CONTENT_TYPE = 'application/x-directory';
/** Shown for directories whose marker is not looked at: a time that never changes, for tools that compare. */
const FIXED_TIME_MS = Date.UTC(2000, 0, 1);
/** S3 has no permission bits; these tell a client that it may try. */
const FILE_MODE = 0o644;
const DIRECTORY_MODE = 0o755;

/** Whose upload it was, in the words of AWS Transfer Family. */
export function objectProperties({ userName, serverId }: StorageSession): ObjectProperties {
  return { metadata: { 'user-agent': 'AWSTransfer', 'user-agent-id': `${userName}@${serverId}` } };
}

/** For the empty object that keeps a directory. */
export function markerProperties(session: StorageSession): ObjectProperties {
  return { ...objectProperties(session), contentType: MARKER_CONTENT_TYPE };
}

/** The properties of an object that stays what it is but for its time. */
export function withTime(properties: ObjectProperties, modifiedSeconds: number): ObjectProperties {
  return { ...properties, metadata: { ...properties.metadata, [MTIME]: String(modifiedSeconds) } };
}

/** What an object was written with, for a copy that changes some of it. */
export function propertiesOf({ metadata, contentType, headers }: ObjectHead): ObjectProperties {
  return {
    metadata,
    ...(contentType === undefined ? {} : { contentType }),
    ...(headers === undefined ? {} : { headers }),
  };
}

/** What an object is, once a client has changed its content: all it was, but for its time, and whose upload it is. */
export function changedProperties(head: ObjectHead, session: StorageSession): ObjectProperties {
  const { [MTIME]: _time, ...metadata } = head.metadata;
  return { ...propertiesOf(head), metadata: { ...metadata, ...objectProperties(session).metadata } };
}

/** The time a client set, else when the object was written; milliseconds since the epoch. */
export function modifiedMs({ lastModifiedMs, metadata }: ObjectHead): number {
  const text = metadata[MTIME] ?? '';
  return MTIME_FORMAT.test(text) ? Number(text) * 1000 : lastModifiedMs;
}

export function fileAttributes(head: ObjectHead): FileAttributes {
  return attributes('file', FILE_MODE, head.sizeBytes, modifiedMs(head));
}

/** From a listing, which tells no metadata: the time is that of the last write. */
export function listedFileAttributes({ sizeBytes, lastModifiedMs }: ObjectFacts): FileAttributes {
  return attributes('file', FILE_MODE, sizeBytes, lastModifiedMs);
}

export function directoryAttributes(marker?: ObjectHead): FileAttributes {
  return attributes(
    'directory',
    DIRECTORY_MODE,
    0,
    marker === undefined ? FIXED_TIME_MS : modifiedMs(marker),
  );
}

function attributes(
  type: 'file' | 'directory',
  mode: number,
  sizeBytes: number,
  modifiedMs: number,
): FileAttributes {
  return { type, sizeBytes, mode, uid: 0, gid: 0, accessedMs: modifiedMs, modifiedMs, linkCount: 1 };
}
