import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  HomeError,
  type HomeErrorCode,
  type HomeMappingInput,
  homeSpec,
  MAX_MAPPINGS,
  parseMappings,
} from './home-mapping.ts';
import { isWithin, pathSegments, virtualPath } from './virtual-path.ts';

/** The variable as it is written in a mapping; a template string would look like a mistake to the linter. */
const variable = (name: string): string => ['$', '{', name, '}'].join('');
const USER = variable('transfer:UserName');
const STORAGES = new Set(['bucket', 'fs-0123456789abcdef0']);

function mapping(entry: string, target: string, type: 'FILE' | 'DIRECTORY' = 'DIRECTORY'): HomeMappingInput {
  return { entry, target, type };
}

function logical(
  mappings: readonly HomeMappingInput[],
  options: { userName?: string; directory?: string } = {},
) {
  const spec = homeSpec({ userName: 'jane', ...options, type: 'LOGICAL', mappings }, STORAGES);
  assert.equal(spec.type, 'LOGICAL');
  return spec.type === 'LOGICAL' ? spec : assert.fail();
}

function refused(code: HomeErrorCode, action: () => unknown, message = /./): void {
  assert.throws(action, (error) => {
    assert.ok(error instanceof HomeError);
    assert.equal(error.code, code, error.message);
    assert.match(error.message, message);
    return true;
  });
}

test('home mapping - a chroot entry and several nested ones are understood', () => {
  assert.deepEqual(logical([mapping('/', '/bucket/jane')]).mappings, [mapping('/', '/bucket/jane')]);
  const spec = logical(
    [mapping('/in/daily', '/bucket/a'), mapping('/in/weekly', '/fs-0123456789abcdef0/b')],
    {
      directory: '/in',
    },
  );
  assert.equal(spec.directory, '/in');
  assert.equal(spec.mappings.length, 2);
});

test('home mapping - decoded JSON becomes mappings, Type is DIRECTORY by default', () => {
  assert.deepEqual(
    parseMappings([
      { Entry: '/a', Target: '/bucket/a' },
      { Entry: '/b', Target: '/bucket/b', Type: 'FILE' },
    ]),
    [mapping('/a', '/bucket/a'), mapping('/b', '/bucket/b', 'FILE')],
  );
});

test('home mapping - JSON of another shape is refused with the number of the mapping', () => {
  for (const decoded of [undefined, null, {}, 'x', 7])
    refused('MAPPINGS_INVALID', () => parseMappings(decoded));
  refused('MAPPINGS_MISSING', () => parseMappings([]));
  const good = { Entry: '/a', Target: '/bucket/a' };
  for (const bad of [null, 'x', [], { Entry: '/a' }, { Entry: 1, Target: '/bucket' }]) {
    refused('MAPPINGS_INVALID', () => parseMappings([good, bad]), /mapping 2/);
  }
  refused('TYPE_INVALID', () => parseMappings([{ ...good, Type: 'LINK' }]), /FILE or DIRECTORY/);
});

test('home mapping - the user name is put into one name, whatever the case of the variable', () => {
  for (const spelling of [USER, variable('transfer:Username'), variable('Transfer:UserName')]) {
    const spec = logical([mapping('/', `/bucket/home-${spelling}/${spelling}`)]);
    assert.equal(spec.mappings[0]?.target, '/bucket/home-jane/jane');
  }
});

test('home mapping - the user name is expanded once and means nothing to the expansion', () => {
  for (const userName of [USER, '$&', '$1', "$'", 'a\\..\\b', '%2e%2e', '...', 'e\u0301']) {
    const spec = logical([mapping('/', `/bucket/${USER}`)], { userName });
    assert.equal(spec.mappings[0]?.target, `/bucket/${userName}`);
  }
});

test('A-40 home mapping - a user name that would be a path is refused', () => {
  for (const userName of ['..', '.', '', '/', 'a/b', '../other', 'a\0', '\ud800', 'x'.repeat(256)]) {
    refused('TARGET_INVALID', () => logical([mapping('/', `/bucket/${USER}`)], { userName }), /Target/);
  }
  refused('TARGET_INVALID', () => logical([mapping('/', `/bucket/.${USER}`)], { userName: '.' }));
});

test('A-40 home mapping - no user name leads out of the directory it is put into', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: fc.constantFrom('.', '/', '\\', 'a', '$', '{', '}', '\0', ' ') }),
      (userName) => {
        try {
          const target = logical([mapping('/', `/bucket/home/${USER}`)], { userName }).mappings[0]?.target;
          assert.ok(target !== undefined && isWithin(target, virtualPath('/bucket/home')));
          assert.equal(pathSegments(target).length, 3);
        } catch (error) {
          assert.ok(error instanceof HomeError);
        }
      },
    ),
  );
});

test('home mapping - entries and targets must be plain absolute paths', () => {
  for (const bad of ['', 'a', '/a/', '//a', '/a//b', '/./a', '/a/..', '/..', '/a/../b', '/a\0', '/\ud800']) {
    refused('ENTRY_INVALID', () => logical([mapping(bad, '/bucket/a')]));
  }
  for (const bad of [
    '',
    'bucket',
    '/',
    '/bucket/',
    '//bucket',
    '/bucket//b',
    '/bucket/.',
    '/bucket/../other',
    '/bucket/a\0',
  ]) {
    refused('TARGET_INVALID', () => logical([mapping('/a', bad)]));
  }
  refused('TARGET_INVALID', () => logical([mapping('/a', '/bucket', 'FILE')]));
  refused('ENTRY_INVALID', () => logical([mapping('/', '/bucket/a', 'FILE')]));
  refused('ENTRY_INVALID', () => logical([mapping(`/${'a/'.repeat(600)}b`, '/bucket/a')]), /1024/);
});

test('home mapping - entries that repeat or contain each other are refused, both named', () => {
  const pairs = [
    ['/a', '/a'],
    ['/a', '/a/b'],
    ['/a/b/c', '/a'],
    ['/', '/a'],
    ['/', '/'],
  ] as const;
  for (const [first, second] of pairs) {
    const mappings = [mapping('/a!', '/bucket/x'), mapping(first, '/bucket/y'), mapping(second, '/bucket/z')];
    const isRoot = first === '/';
    refused('ENTRY_OVERLAP', () => logical(mappings), isRoot ? /must be the only one/ : /contain each other/);
  }
  assert.equal(logical([mapping('/a', '/bucket/x'), mapping('/ab', '/bucket/y')]).mappings.length, 2);
});

test('home mapping - overlap is found as by comparing every pair', () => {
  const entry = fc
    .array(fc.constantFrom('a', 'b', 'a!', 'a-', 'ab'), { minLength: 1, maxLength: 3 })
    .map((names) => `/${names.join('/')}`);
  fc.assert(
    fc.property(fc.array(entry, { minLength: 1, maxLength: 8 }), (entries) => {
      const overlaps = entries.some((left, at) =>
        entries.some((right, other) => at !== other && isWithin(virtualPath(left), virtualPath(right))),
      );
      const make = (): unknown => logical(entries.map((each) => mapping(each, '/bucket/x')));
      if (overlaps) refused('ENTRY_OVERLAP', make);
      else assert.ok(make());
    }),
  );
});

test('home mapping - an unknown storage is named', () => {
  refused('STORAGE_UNKNOWN', () => logical([mapping('/a', '/other/x')]), /"other"/);
  refused(
    'STORAGE_UNKNOWN',
    () => homeSpec({ userName: 'jane', type: 'PATH', directory: '/other' }, STORAGES),
    /"other"/,
  );
});

test('home mapping - the landing directory lies in a mapping or above one', () => {
  const mappings = [mapping('/in/daily', '/bucket/a'), mapping('/file', '/bucket/f', 'FILE')];
  for (const directory of ['/', '', '/in', '/in/', '/in/daily', '/in/daily/x']) {
    assert.equal(logical(mappings, { directory }).directory, virtualPath(directory));
  }
  assert.equal(logical(mappings).directory, '/');
  for (const directory of ['/other', '/in/d', '/in/daily2', '/file', '/file/x']) {
    refused('DIRECTORY_OUTSIDE', () => logical(mappings, { directory }));
  }
  for (const directory of ['in', '/in/..', '//in', '/in//']) {
    refused('DIRECTORY_INVALID', () => logical(mappings, { directory }));
  }
});

test('home mapping - a PATH home begins at a known storage or at the root', () => {
  const home = (directory?: string) =>
    homeSpec({ userName: 'jane', type: 'PATH', ...(directory === undefined ? {} : { directory }) }, STORAGES);
  assert.deepEqual(home(), { type: 'PATH', directory: '/' });
  assert.deepEqual(home(''), { type: 'PATH', directory: '/' });
  assert.deepEqual(home('/bucket/home/jane/'), { type: 'PATH', directory: '/bucket/home/jane' });
  assert.deepEqual(home(`/bucket/${USER}`), { type: 'PATH', directory: '/bucket/jane' });
  for (const directory of ['bucket', '/bucket/../other', '/bucket//x']) {
    refused('DIRECTORY_INVALID', () => home(directory));
  }
});

test('home mapping - fifty thousand mappings are checked in well under a login', () => {
  const mappings = Array.from({ length: MAX_MAPPINGS }, (_, index) =>
    mapping(`/d${index % 100}/${index}`, '/bucket/x'),
  );
  const startedMs = performance.now();
  assert.equal(logical(mappings).mappings.length, MAX_MAPPINGS);
  assert.ok(performance.now() - startedMs < 3000);
  refused('MAPPINGS_TOO_MANY', () => logical([...mappings, mapping('/one-more', '/bucket/x')]));
});
