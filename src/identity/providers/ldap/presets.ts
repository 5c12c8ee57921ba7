/** What differs between directories: filters, names of attributes, and how groups are found. */

export const PRESETS = [
  'generic',
  'active-directory',
  'openldap',
  'freeipa',
  'authentik',
  'jumpcloud',
  'google',
] as const;
export type PresetName = (typeof PRESETS)[number];

export interface Preset {
  readonly userFilter: string;
  /** Holds the name in the directory's spelling. */
  readonly userNameAttribute: string;
  /** Holds an id that never changes. */
  readonly subjectAttribute: string;
  readonly publicKeyAttributes: readonly string[];
  /** Read for profiles, beside what the provider itself needs. */
  readonly attributes: readonly string[];
  /** Without these nothing is known about the state of an account, and nobody gets in. */
  readonly requiredAttributes: readonly string[];
  readonly groups: {
    readonly strategy: 'none' | 'memberOf' | 'search' | 'tokenGroups';
    readonly filter: string;
    readonly nested: 'no' | 'rule' | 'recursive';
    readonly primaryGroup: boolean;
  };
  /** Whether binds ask for the state of the password (draft-behera-ldap-password-policy). */
  readonly passwordPolicy: boolean;
  readonly bindTimeoutMs: number;
  readonly totalBudgetMs: number;
}

/** RFC 2307 and the names that most directories share. */
const POSIX_ATTRIBUTES = ['cn', 'mail', 'uidNumber', 'gidNumber', 'homeDirectory', 'description'];

const generic: Preset = {
  userFilter: '(uid={username})',
  userNameAttribute: 'uid',
  subjectAttribute: 'entryUUID',
  publicKeyAttributes: ['sshPublicKey'],
  attributes: POSIX_ATTRIBUTES,
  requiredAttributes: [],
  groups: {
    strategy: 'memberOf',
    filter:
      '(|(&(objectClass=groupOfNames)(member={dn}))(&(objectClass=groupOfUniqueNames)(uniqueMember={dn}))' +
      '(&(objectClass=posixGroup)(|(memberUid={userName})(gidNumber={gidNumber}))))',
    nested: 'no',
    primaryGroup: false,
  },
  passwordPolicy: true,
  bindTimeoutMs: 5000,
  totalBudgetMs: 8000,
};

const presets: Readonly<Record<PresetName, Preset>> = {
  generic,
  openldap: { ...generic, userFilter: '(&(objectClass=person)(uid={username}))' },
  'active-directory': {
    ...generic,
    userFilter:
      '(&(objectCategory=person)(objectClass=user)(|(sAMAccountName={username})(userPrincipalName={signInName})))',
    userNameAttribute: 'sAMAccountName',
    subjectAttribute: 'objectGUID',
    publicKeyAttributes: ['sshPublicKey', 'altSecurityIdentities'],
    // homeDirectory is a UNC path in Active Directory.
    attributes: [
      'cn',
      'mail',
      'uidNumber',
      'gidNumber',
      'unixHomeDirectory',
      'description',
      'userPrincipalName',
    ],
    requiredAttributes: ['userAccountControl'],
    groups: {
      strategy: 'memberOf',
      filter: '(&(objectCategory=group)(member={dn}))',
      nested: 'no',
      primaryGroup: true,
    },
    passwordPolicy: false,
  },
  freeipa: {
    ...generic,
    userFilter: '(&(objectClass=posixAccount)(uid={username}))',
    subjectAttribute: 'ipaUniqueID',
    publicKeyAttributes: ['ipaSshPubKey'],
    groups: { ...generic.groups, filter: '(&(objectClass=groupOfNames)(member={dn}))' },
  },
  authentik: {
    ...generic,
    userFilter: '(&(objectClass=user)(cn={username}))',
    userNameAttribute: 'cn',
    subjectAttribute: 'uid',
    // The outpost has it for every user; without it a disabled one would not be seen on key logins.
    requiredAttributes: ['ak-active'],
    groups: { ...generic.groups, filter: '(&(objectClass=group)(member={dn}))' },
    passwordPolicy: false,
  },
  jumpcloud: {
    ...generic,
    userFilter: '(&(objectClass=inetOrgPerson)(uid={username}))',
    groups: { ...generic.groups, filter: '(&(objectClass=groupOfNames)(member={dn}))' },
    passwordPolicy: false,
    // A push to the user's device is waited for within the bind, up to 60 s.
    bindTimeoutMs: 65_000,
    totalBudgetMs: 75_000,
  },
  google: {
    ...generic,
    userFilter: '(&(objectClass=person)(uid={username}))',
    groups: { ...generic.groups, filter: '(&(objectClass=groupOfNames)(member={dn}))' },
    passwordPolicy: false,
  },
};

export function presetOf(name: PresetName): Preset {
  return presets[name];
}
