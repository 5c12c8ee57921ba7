/** How much room there is: statvfs@openssh.com, fstatvfs@openssh.com and space-available. */

import { FileError } from '../../files/error.ts';
import type { FileSystem, SpaceCapability, SpaceReport } from '../../files/file-system.ts';
import { type Reply, spaceAvailableReply, statVfsReply } from '../reply.ts';
import { answering, type Handler, readPath } from '../session.ts';
import { fileOf } from './handle-requests.ts';

export const space = spaceHandler(statVfsReply);
/** The older form, which WinSCP prefers where it is advertised. */
export const spaceAvailable = spaceHandler(spaceAvailableReply);

export const fileSpace: Handler = (session, request, fields) => {
  const reporting = reportingOf(session.fileSystem);
  const file = fileOf(session, request, fields);
  file.perform(request, false, async () => statVfsReply(await reporting.space(file.path)));
};

function spaceHandler(reply: (report: SpaceReport) => Reply): Handler {
  return answering(async (session, request, fields) => {
    const reporting = reportingOf(session.fileSystem);
    const path = readPath(session, request, fields);
    return session.pathOrder.run([path], false, async () => reply(await reporting.space(path)));
  });
}

function reportingOf({ spaceReporting }: FileSystem): SpaceCapability {
  if (spaceReporting === undefined) throw new FileError('NOT_SUPPORTED');
  return spaceReporting;
}
