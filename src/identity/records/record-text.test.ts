import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { decodeRecordText } from './record-text.ts';

const outcomeOf = (text: string, name = 'users.yaml') => decodeRecordText(text, name).outcome;

describe('record text', () => {
  it('record text - an alias stands for what is elsewhere, and for nothing that it is in itself', () => {
    assert.equal(outcomeOf('a: &list [x]\nb: *list\n'), 'decoded');
    assert.equal(outcomeOf('a: { PublicKeys: &list [*list] }\n'), 'broken');
    assert.equal(outcomeOf('a: { Policy: &map { x: *map } }\n'), 'broken');
    assert.equal(outcomeOf('a: *nothing\n'), 'broken');
  });

  it('record text - aliases of aliases do not grow without end', () => {
    const levels = Array.from({ length: 12 }, (_, level) => {
      const items =
        level === 0
          ? 'x, x, x, x, x, x, x, x'
          : Array(8)
              .fill(`*l${level - 1}`)
              .join(', ');
      return `l${level}: &l${level} [${items}]`;
    });
    assert.equal(outcomeOf(levels.join('\n')), 'broken');
  });

  it('record text - no tag makes anything but data', () => {
    const decoded = decodeRecordText(
      'jdoe: { Role: !!js/function "() => 1", Password: !x y }\n',
      'users.yaml',
    );
    assert.deepEqual(decoded, {
      outcome: 'decoded',
      members: { jdoe: { Role: '() => 1', Password: 'y' } },
    });
  });

  it('record text - names of the prototype are names of users', () => {
    for (const [text, name] of [
      ['__proto__: { Role: r }\nconstructor: { Role: s }\n', 'users.yaml'],
      ['{"__proto__":{"Role":"r"},"constructor":{"Role":"s"}}', 'users.json'],
    ] as const) {
      const decoded = decodeRecordText(text, name);
      assert(decoded.outcome === 'decoded');
      assert.deepEqual(Object.keys(decoded.members), ['__proto__', 'constructor']);
      assert.equal(Object.getPrototypeOf(decoded.members), Object.prototype);
    }
  });
});
