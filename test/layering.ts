/** The walls of the house (ARCHITECTURE.md): which room may import which. */

/** What a room may import beside itself and packages. Rooms that are not built yet keep their place here. */
export const WALLS: Readonly<Record<string, readonly string[]>> = {
  wire: [],
  policy: [],
  telemetry: [],
  files: ['policy', 'telemetry'],
  ssh: ['wire'],
  sftp: ['wire', 'files'],
  ftp: ['files'],
  identity: ['files', 'policy', 'telemetry'],
  protection: ['telemetry'],
  store: ['telemetry'],
  endpoint: ['ssh', 'sftp', 'ftp', 'identity', 'files', 'protection', 'telemetry', 'store'],
  control: ['store', 'identity', 'policy', 'telemetry', 'endpoint'],
  node: ['*'],
  cli: ['*'],
};

/** Doors that are narrower than a room: from these rooms only these files of the other may be imported. */
export const DOORS: readonly {
  readonly from: string;
  readonly to: string;
  readonly only: RegExp;
  readonly rule: string;
}[] = [
  {
    from: 'sftp',
    to: 'files',
    only: /^files\/(error|file-system|virtual-path)\.ts$/,
    rule: 'sftp sees the FileSystem interface, never a storage or a home',
  },
  {
    from: 'ftp',
    to: 'files',
    only: /^files\/(error|file-system|virtual-path)\.ts$/,
    rule: 'ftp sees the FileSystem interface, never a storage or a home',
  },
  {
    from: 'identity',
    to: 'files',
    only: /^files\/(home-spec|home-mapping|storage|virtual-path)\.ts$/,
    rule: 'identity sees the home types and no files',
  },
  {
    from: 'endpoint',
    to: 'files',
    only: /^files\/(?!storage\/)/,
    rule: 'endpoint is given its storages, it makes none',
  },
  {
    from: 'endpoint',
    to: 'ssh',
    only: /^ssh\/index\.ts$/,
    rule: 'ssh is used through its public list',
  },
];

export interface Import {
  /** Path below src/ of the importing file. */
  readonly file: string;
  /** Path below src/ of what it imports. */
  readonly imported: string;
}

/** One line for each broken wall, naming the files and the rule. */
export function brokenWalls(imports: readonly Import[]): string[] {
  return imports.flatMap(({ file, imported }) => {
    const from = roomOf(file);
    const to = roomOf(imported);
    if (from === to) return [];
    const allowed = WALLS[from];
    const where = `src/${file} imports src/${imported}`;
    if (allowed === undefined) return [`${where}: '${from}' is not a room of ARCHITECTURE.md`];
    if (!allowed.includes('*') && !allowed.includes(to)) {
      return [`${where}: ${from} may import ${allowed.join(', ') || 'nothing of ours'}`];
    }
    const door = DOORS.find((each) => each.from === from && each.to === to && !each.only.test(imported));
    return door === undefined ? [] : [`${where}: ${door.rule}`];
  });
}

function roomOf(file: string): string {
  return file.split('/', 1)[0] ?? '';
}
