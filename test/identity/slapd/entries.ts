/** The people and groups of the directory that the checks ask. */

import { BASE, SERVICE_DN, SERVICE_PASSWORD } from './server.ts';

export const PASSWORD = 'canary-slapd-password';
export const KEY = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIExample jdoe@example.com';
export const SID = 'S-1-5-21-1-2-3-2001';

const YESTERDAY = Math.floor(Date.now() / 86_400_000) - 1;

interface PersonEntry {
  readonly uid: string;
  readonly unit?: string;
  readonly more?: readonly string[];
}

const person = ({ uid, unit = 'people', more = [] }: PersonEntry) =>
  `dn: uid=${uid},ou=${unit},${BASE}
objectClass: inetOrgPerson
objectClass: posixAccount
objectClass: shadowAccount
objectClass: ldapPublicKey
uid: ${uid}
cn: ${uid}
sn: ${uid}
uidNumber: 2030
gidNumber: 4050
homeDirectory: /home/${uid}
userPassword: ${PASSWORD}
${more.map((line) => `${line}\n`).join('')}`;

const unit = (name: string) => `dn: ou=${name},${BASE}\nobjectClass: organizationalUnit\nou: ${name}\n`;

export const PEOPLE = [
  `dn: ${BASE}\nobjectClass: dcObject\nobjectClass: organization\ndc: example\no: Example\n`,
  unit('people'),
  unit('others'),
  unit('groups'),
  `dn: ${SERVICE_DN}\nobjectClass: person\ncn: svc\nsn: svc\nuserPassword: ${SERVICE_PASSWORD}\n`,
  `dn: cn=policy,${BASE}
objectClass: device
objectClass: pwdPolicy
cn: policy
pwdAttribute: userPassword
pwdLockout: TRUE
pwdMaxFailure: 2
pwdLockoutDuration: 600
pwdMustChange: TRUE
`,
  person({ uid: 'jdoe', more: [`sshPublicKey: ${KEY}`, 'mail: jdoe@example.com'] }),
  person({ uid: 'nokeys' }),
  person({ uid: 'lockme', more: [`sshPublicKey: ${KEY}`] }),
  person({ uid: 'expired', more: [`shadowExpire: ${YESTERDAY}`, `sshPublicKey: ${KEY}`] }),
  person({ uid: 'reset', more: ['pwdReset: TRUE'] }),
  person({ uid: 'twin' }),
  person({ uid: 'twin', unit: 'others' }),
].join('\n');

const group = (name: string, members: readonly string[]) =>
  `dn: cn=${name},ou=groups,${BASE}
objectClass: groupOfNames
objectClass: withSid
cn: ${name}
${name === 'sftp' ? `sidText: ${SID}\n` : ''}${members.map((member) => `member: ${member}\n`).join('')}`;

export const GROUPS = [
  group('sftp', [`uid=jdoe,ou=people,${BASE}`, `uid=nokeys,ou=people,${BASE}`]),
  group('partners', [`cn=sftp,ou=groups,${BASE}`]),
  group('everybody', [`cn=partners,ou=groups,${BASE}`]),
  `dn: cn=posix,ou=groups,${BASE}\nobjectClass: posixGroup\ncn: posix\ngidNumber: 7000\nmemberUid: jdoe\n`,
].join('\n');
