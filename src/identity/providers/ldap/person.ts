/** A person as providers speak of them, from an entry and its groups. */

import type { Group, Person, Proof } from '../provider.ts';
import type { KnownPerson } from './directory.ts';
import type { LdapEntry } from './entry.ts';
import type { FoundGroup } from './groups.ts';
import type { LdapSettings } from './settings.ts';
import { guidText, sidText } from './sid.ts';

/** Attributes that are binary and have a text that everybody knows them by. */
const WRITTEN: Readonly<Record<string, (bytes: Buffer) => string | undefined>> = {
  objectsid: sidText,
  objectguid: guidText,
};

/** Where keys are handed on, whatever they are called in the directory. */
const PUBLIC_KEYS = 'sshPublicKey';
/** Active Directory's attribute is for certificates and Kerberos names too. */
const KEY_MARKED = 'altsecurityidentities';
const KEY_MARK = 'SSHKey:';

export function personOf(
  { entry, groups }: KnownPerson,
  settings: LdapSettings,
  { userName, proofs }: { readonly userName: string; readonly proofs: readonly Proof[] },
): Person {
  const asGroups = groups.map((group) => groupOf(group, settings));
  if (entry === undefined)
    return { subject: userName, userName, attributes: new Map(), groups: asGroups, proofs };
  const attributes = attributesOf(entry, settings.publicKeyAttributes);
  return {
    subject: textsOf(entry, settings.subjectAttribute)[0] ?? entry.dn,
    userName: entry.text(settings.userNameAttribute) ?? userName,
    attributes,
    groups: asGroups,
    proofs,
  };
}

function groupOf({ dn, sid, name }: FoundGroup, settings: LdapSettings): Group {
  const id = settings.groups.strategy === 'tokenGroups' ? sid : (dn ?? sid);
  return { id: id ?? name, name };
}

function attributesOf(
  entry: LdapEntry,
  keyAttributes: readonly string[],
): ReadonlyMap<string, readonly string[]> {
  const attributes = new Map<string, readonly string[]>([['dn', [entry.dn]]]);
  for (const name of entry.names) {
    const values = textsOf(entry, name);
    if (values.length > 0) attributes.set(name, values);
  }
  for (const name of [...attributes.keys()])
    if (name.toLowerCase() === PUBLIC_KEYS.toLowerCase()) attributes.delete(name);
  const keys = keyAttributes.flatMap((name) => keysOf(entry, name));
  if (keys.length > 0) attributes.set(PUBLIC_KEYS, keys);
  return attributes;
}

function textsOf(entry: LdapEntry, name: string): readonly string[] {
  const write = WRITTEN[name.toLowerCase()];
  return write === undefined ? entry.texts(name) : entry.bytes(name).flatMap((bytes) => write(bytes) ?? []);
}

/** One line for each key: what follows a line break would be a key of its own in an authorized_keys file. */
function keysOf(entry: LdapEntry, name: string): readonly string[] {
  const values =
    name.toLowerCase() === KEY_MARKED
      ? entry.texts(name).flatMap((value) => (value.startsWith(KEY_MARK) ? value.slice(KEY_MARK.length) : []))
      : entry.texts(name);
  return values.flatMap((value) => value.split(/\r?\n/)).flatMap((line) => line.trim() || []);
}
