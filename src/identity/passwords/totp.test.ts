import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Secret as OtpSecret } from 'otpauth';
import type { TotpSettings } from '../records/record.ts';
import { Secret } from '../secret.ts';
import { TotpCheck, UsedCodesInMemory, verifyTotp } from './totp.ts';

/** RFC 6238, appendix B. */
const RFC_SECRET = new OtpSecret({ buffer: new TextEncoder().encode('12345678901234567890').buffer }).base32;
const RFC: TotpSettings = { secret: new Secret(RFC_SECRET), digits: 8, periodSeconds: 30, algorithm: 'SHA1' };
const { signal } = new AbortController();

describe('totp', () => {
  it('totp - the vectors of RFC 6238 are right at their time', () => {
    assert.equal(verifyTotp(RFC, new Secret('94287082'), 59_000), 1);
    assert.equal(verifyTotp(RFC, new Secret('07081804'), 1_111_111_109_000), 37_037_036);
    assert.equal(verifyTotp(RFC, new Secret('65353130'), 20_000_000_000_000), 666_666_666);
  });

  it('totp - one step before and after is taken, two are not', () => {
    const at = (seconds: number) => verifyTotp(RFC, new Secret('94287082'), seconds * 1000);
    assert.deepEqual([at(0), at(59), at(89), at(90)], [1, 1, 1, undefined]);
    const later = new Secret('07081804');
    assert.equal(verifyTotp(RFC, later, (1_111_111_109 - 60) * 1000), undefined);
  });

  it('totp - what is not exactly so many digits is no code', () => {
    for (const text of ['9428708', '942870820', '9428708x', ' 4287082', '', '٩٤٢٨٧٠٨٢'])
      assert.equal(verifyTotp(RFC, new Secret(text), 59_000), undefined);
  });

  it('totp - a code is taken once, and no earlier one after it', async () => {
    let nowMs = 59_000;
    const check = new TotpCheck({ now: () => nowMs });
    await check.check('jdoe', RFC, new Secret('94287082'), signal);
    await assert.rejects(check.check('jdoe', RFC, new Secret('94287082'), signal), { code: 'CODE_REPLAYED' });
    await check.check('msmith', RFC, new Secret('94287082'), signal);
    nowMs = 80_000;
    await assert.rejects(check.check('jdoe', RFC, new Secret('94287082'), signal), { code: 'CODE_REPLAYED' });
    await assert.rejects(check.check('jdoe', RFC, new Secret('00000000'), signal), { code: 'BAD_CODE' });
  });

  it('totp - logins at the same moment cannot share a code', async () => {
    const check = new TotpCheck({ now: () => 59_000 });
    const outcomes = await Promise.allSettled(
      Array.from({ length: 20 }, () => check.check('jdoe', RFC, new Secret('94287082'), signal)),
    );
    assert.equal(outcomes.filter(({ status }) => status === 'fulfilled').length, 1);
  });

  it('totp - the memory of used codes is bounded, and refuses before it forgets too early', async () => {
    let nowMs = 0;
    const used = new UsedCodesInMemory(() => nowMs, 2);
    assert.equal(await used.take('a', 1, 100), true);
    assert.equal(await used.take('b', 1, 200), true);
    await assert.rejects(used.take('c', 1, 300), { code: 'OVERLOADED' });
    assert.equal(await used.take('a', 2, 100), true);
    nowMs = 150;
    assert.equal(await used.take('c', 1, 300), true);
    assert.equal(await used.take('b', 1, 200), false);
  });
});
