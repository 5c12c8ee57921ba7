/** Explains what one operation of one user comes to: the mapping, each policy's statement, and the POSIX verdict. */

import { join } from 'node:path';
import { sessionLimits } from '../endpoint/session-limits.ts';
import {
  type AccessDenied,
  type AccessRequest,
  type Need,
  reasonOf,
  type SessionAccess,
} from '../files/access.ts';
import { toFileError } from '../files/error.ts';
import { rulesFor } from '../files/guard-scope.ts';
import type { PosixProfile } from '../files/storage.ts';
import { pathSegments, ROOT, type VirtualPath, virtualPath } from '../files/virtual-path.ts';
import {
  type Grant,
  IdentityError,
  type IdentityProtocol,
  IdentityRequest,
  parseIdentityResponse,
  type Refused,
} from '../identity/index.ts';
import { accessPointsOf, fileSystemsOf, rolesOf } from './access.ts';
import type { Configuration, ServerConfiguration } from './config/load.ts';
import { providerOf } from './functions.ts';
import { askedFor, type WhyOperation, type WhyPaths } from './why-operation.ts';
import { homeTree, storagePath, type WhyMount, whyPlace } from './why-place.ts';
import { posixVerdict } from './why-posix.ts';

/** There is no session: policies that look at its name see this one. */
const SESSION_ID = '0000000000000000';

export interface WhyQuestion {
  readonly userName: string;
  readonly operation: WhyOperation;
  /** As the client writes it, with a slash at its end for a directory; relative paths begin where the session lands. */
  readonly path: string;
  /** Of a rename. */
  readonly target?: string;
  readonly protocol: IdentityProtocol;
  /** Needed when there is more than one server. */
  readonly serverId?: string;
  readonly sourceIp: string;
  /** What the provider answers; it is asked when this is absent, without a password for the keys of the user. */
  readonly answer?: unknown;
  readonly password?: string;
  readonly signal: AbortSignal;
}

export type WhyOutcome = 'allowed' | 'denied' | 'unknown';

export interface WhyReport {
  readonly outcome: WhyOutcome;
  readonly lines: readonly string[];
}

/** Nothing could be told; the message says what is missing. */
export class WhyError extends Error {
  override readonly name = 'WhyError';
  readonly code = 'CANNOT_TELL';
}

/** @throws WhyError */
export async function explainAccess(configuration: Configuration, question: WhyQuestion): Promise<WhyReport> {
  const server = serverOf(configuration, question);
  const grant = await grantOf(configuration, server, question);
  const path = pathOf(question.path, grant);
  const target = question.target === undefined ? path : pathOf(question.target, grant);
  const { userName, operation, protocol, sourceIp } = question;
  const isDirectory = question.path.endsWith('/');
  const lines = [
    `User:     ${userName} by ${protocol} from ${sourceIp}, server ${server.ServerId} (${server.Domain})`,
    `Role:     ${grant.role}`,
    `Asked:    ${operation} ${path}${isDirectory && path !== ROOT ? '/' : ''}${question.target === undefined ? '' : ` ${target}`}`,
  ];
  const place = whyPlace(homeTree(grant.home, storageNames(configuration, server)), operation, path, target);
  if (place.kind === 'decided') return report(lines, place.outcome, `the home: ${place.reason}`);
  const { mount } = place;
  lines.push(
    `Mapping:  ${mount.entry} → ${placeText(mount, mount.target)}`,
    `Place:    ${placeText(mount, storagePath(mount, place.path))}`,
    `Storage:  ${storageText(configuration, mount.storage)}`,
  );
  const policies = judgePolicies(configuration, server, grant, question, {
    ...place,
    isDirectory: isDirectory || (place.path === ROOT && mount.type === 'DIRECTORY'),
  });
  lines.push(...policies.lines);
  if (policies.outcome !== 'allowed' || server.Domain === 'S3')
    return report(lines, policies.outcome, policies.reason);
  const posix = await judgePosix(configuration, grant, operation, place);
  lines.push(...posix.lines);
  return report(lines, posix.outcome, posix.reason);
}

interface Judgement extends WhyReport {
  readonly reason: string;
}

interface StoredPlace extends Omit<WhyPaths, 'isDirectory'> {
  readonly mount: WhyMount;
}

function report(lines: readonly string[], outcome: WhyOutcome, reason: string): WhyReport {
  const word = { allowed: 'ALLOWED', denied: 'DENIED', unknown: 'COULD NOT TELL' }[outcome];
  return { outcome, lines: [...lines, `Decision: ${word}, ${reason}`] };
}

function serverOf({ servers }: Configuration, { serverId, protocol }: WhyQuestion): ServerConfiguration {
  const ids = servers.map((server) => server.ServerId).join(', ');
  const [only, ...others] = servers;
  if (serverId === undefined && others.length > 0) throw new WhyError(`name the server: one of ${ids}`);
  const server = serverId === undefined ? only : servers.find((each) => each.ServerId === serverId);
  if (server === undefined) throw new WhyError(`there is no server ${serverId}; there is ${ids}`);
  if (!server.Protocols.some((each) => each === protocol))
    throw new WhyError(`server ${server.ServerId} does not serve ${protocol}`);
  return server;
}

/** @throws WhyError with what a login would be refused with */
async function grantOf(
  configuration: Configuration,
  server: ServerConfiguration,
  question: WhyQuestion,
): Promise<Grant> {
  const { userName, password, protocol, sourceIp } = question;
  const prepared = IdentityRequest.from({
    username: userName,
    ...(password === undefined ? {} : { password }),
    protocol,
    serverId: server.ServerId,
    sourceIp,
  });
  if (prepared.outcome === 'refused') throw new WhyError(`the login is refused: ${prepared.reason}`);
  const { request } = prepared;
  const judged = parseIdentityResponse(await answerTo(request, configuration, server, question), {
    request,
    domain: server.Domain,
    roles: new Set(Object.keys(configuration.roles)),
    storageNames: new Set(storageNames(configuration, server)),
    // Nobody logs in: a user who has a password only has no keys to answer with.
    areKeysOptional: true,
  });
  if (judged.outcome === 'refused')
    throw new WhyError(
      `the login is refused: ${judged.code}, ${judged.reason}${passwordHint(judged, question)}`,
    );
  return judged.grant;
}

/** Many functions know a user by the password only. */
function passwordHint({ code }: Refused, { answer, password }: WhyQuestion): string {
  if (code !== 'NOT_AUTHENTICATED' || answer !== undefined || password !== undefined) return '';
  return (
    ' It was asked without a password, as for keys: give the password by --password-stdin, or what the function ' +
    'answers by --answer.'
  );
}

async function answerTo(
  request: IdentityRequest,
  configuration: Configuration,
  server: ServerConfiguration,
  { answer, signal }: WhyQuestion,
): Promise<unknown> {
  if (answer !== undefined) return answer;
  const provider = providerOf(server, configuration, () => undefined);
  try {
    return await provider.authenticate(request, { signal });
  } catch (error) {
    if (!(error instanceof IdentityError)) throw error;
    throw new WhyError(`the identity provider gave no answer: ${error.code}, ${error.message}`, {
      cause: error,
    });
  } finally {
    await provider.close();
  }
}

function pathOf(text: string, { home }: Grant): VirtualPath {
  try {
    return virtualPath(text, home.directory);
  } catch (error) {
    throw new WhyError(`${JSON.stringify(text)}: ${toFileError(error).message}`, { cause: error });
  }
}

function storageNames({ storage }: Configuration, { Domain }: ServerConfiguration): readonly string[] {
  if (Domain === 'S3') return Object.keys(storage.buckets);
  return [...Object.keys(storage.fileSystems), ...Object.keys(storage.accessPoints)];
}

function placeText({ storage }: WhyMount, path: VirtualPath): string {
  return path === '/' ? `/${storage}` : `/${storage}${path}`;
}

function storageText({ storage }: Configuration, name: string): string {
  const bucket = storage.buckets[name];
  if (bucket !== undefined) {
    if ('path' in bucket) return `bucket ${name}, a folder on disk`;
    return `bucket ${bucket.bucket ?? name} of S3 at ${bucket.endpoint ?? `AWS, ${bucket.region}`}`;
  }
  const accessPoint = storage.accessPoints[name];
  if (accessPoint === undefined) return `file system ${name}`;
  return `access point ${name} of file system ${accessPoint.fileSystem}, at ${accessPoint.path}`;
}

function judgePolicies(
  configuration: Configuration,
  server: ServerConfiguration,
  grant: Grant,
  { operation, sourceIp }: WhyQuestion,
  { mount, ...paths }: StoredPlace & WhyPaths,
): Judgement {
  const limits = sessionLimits({
    grant,
    settings: {
      serverId: server.ServerId,
      domain: server.Domain,
      roles: rolesOf(configuration),
      fileSystems: fileSystemsOf(configuration),
      accessPoints: accessPointsOf(configuration),
    },
    sourceIp,
    sessionId: SESSION_ID,
  });
  if (limits.outcome === 'refused')
    throw new WhyError(`the login is refused: ${limits.code}, ${limits.reason}`);
  const { guard } = limits;
  if (guard === undefined) {
    const reason = 'neither the role nor the session has a policy';
    return { outcome: 'allowed', lines: ['Policies: none'], reason };
  }
  const { access } = guard;
  const asked = askedFor(operation, rulesFor(guard.scope, mount.storage, mount.target), paths);
  const lines = asked.flatMap(({ thing, needs }) => [
    `Policies${thing === undefined ? '' : `, for ${thing}`}:`,
    ...needs.flatMap((need) => needLines(need, access)),
  ]);
  const [first, second] = asked;
  const denied = access.denied(first.needs);
  const hint = second === undefined ? '' : otherwise(denied, access.denied(second.needs));
  if (denied !== undefined) return { outcome: 'denied', lines, reason: `${denied.message}${hint}` };
  const isMoved = operation === 'rename' && first.thing === 'a directory';
  const reason = `every policy allows it${isMoved ? '; each name in it is asked about too' : ''}${hint}`;
  return { outcome: 'allowed', lines, reason };
}

/** What is there has not been looked at: without a slash at its end, the path is taken for one of a file. */
function otherwise(file: AccessDenied | undefined, directory: AccessDenied | undefined): string {
  if ((file === undefined) === (directory === undefined)) return '';
  return `; it is ${directory === undefined ? 'allowed' : 'denied'} for a directory, whose path is written with a slash at its end`;
}

function needLines(need: Need, access: SessionAccess): readonly string[] {
  const [first, ...others] = need;
  if (others.length === 0) return requestLines(first, access, '  ');
  return ['  one of:', ...need.flatMap((request) => requestLines(request, access, '    '))];
}

function requestLines(request: AccessRequest, access: SessionAccess, indent: string): readonly string[] {
  const prefix = request.keys?.get('s3:prefix');
  const condition = prefix === undefined ? '' : ` with s3:prefix ${JSON.stringify(prefix)}`;
  return [
    `${indent}${request.action} on ${request.resource}${condition}`,
    ...access.verdicts(request).map((verdict) => `${indent}  ${reasonOf(verdict)}`),
  ];
}

async function judgePosix(
  configuration: Configuration,
  grant: Grant,
  operation: WhyOperation,
  { mount, path, target }: StoredPlace,
): Promise<Judgement> {
  const { root, profile } = posixPlace(configuration, grant, mount.storage);
  const verdict = await posixVerdict({
    root,
    names: pathSegments(storagePath(mount, path)),
    targetNames: pathSegments(storagePath(mount, target)),
    profile,
    operation,
  });
  const ids = [profile.gid, ...profile.secondaryGids].join(', ');
  return {
    outcome: verdict.outcome,
    reason: `POSIX: ${verdict.reason}`,
    lines: [`POSIX, as uid ${profile.uid}, groups ${ids}:`, ...verdict.steps.map((step) => `  ${step}`)],
  };
}

/** Where the storage is on this machine, and as whom the kernel sees the session. */
function posixPlace(
  { storage }: Configuration,
  { posixProfile }: Grant,
  name: string,
): { readonly root: string; readonly profile: PosixProfile } {
  const accessPoint = storage.accessPoints[name];
  const fileSystem = storage.fileSystems[accessPoint?.fileSystem ?? name];
  if (fileSystem === undefined) throw new WhyError(`file system ${name} is not configured`);
  const ownProfile = accessPoint?.posixUser ?? posixProfile;
  const profile = fileSystem.identity === 'profile' ? ownProfile : undefined;
  const root = accessPoint === undefined ? fileSystem.path : join(fileSystem.path, accessPoint.path);
  return { root, profile: profile ?? processProfile() };
}

function processProfile(): PosixProfile {
  return {
    uid: process.geteuid?.() ?? 0,
    gid: process.getegid?.() ?? 0,
    secondaryGids: process.getgroups?.() ?? [],
  };
}
