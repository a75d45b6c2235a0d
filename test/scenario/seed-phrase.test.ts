// seed_phrase_detection: on where nothing is said, and off where somebody says so.
import { entropyToMnemonic } from '@scure/bip39';
import { wordlist } from '@scure/bip39/wordlists/english.js';
import { describe, expect, test } from 'vitest';
import { h1Client } from '../harness/client.ts';
import { useStage } from './stage.ts';

const phraseOf = (bytes: number) =>
  entropyToMnemonic(
    Uint8Array.from({ length: bytes }, (_, i) => (i * 97 + 41) & 255),
    wordlist,
  );
const phrase = phraseOf(16);
/** Of 24 words. */
const longPhrase = phraseOf(32);
/** Words of the list whose checksum does not agree. */
const noPhrase = phrase.split(' ').toReversed().join(' ');
const rule = 'financial.wallet.seed-phrase';

describe.each([
  ['left out', {}, 403, 'block'],
  ['in strict', { mode: 'strict', api_allowlist: ['*.penstock.test'] }, 403, 'block'],
  ['enabled: true', { seed_phrase_detection: { enabled: true } }, 403, 'block'],
  ['enabled: false', { seed_phrase_detection: { enabled: false } }, 200, undefined],
  ['in audit', { mode: 'audit' }, 200, 'warn'],
] as const)('%s', (_, sections, status, verdict) => {
  const stage = useStage({ sections });
  test.each(['http', 'https'])('%s', async (scheme) => {
    const mark = stage.gateway.mark();
    const client = h1Client(stage.gateway.route);
    const reply = await client.send({ url: `${scheme}://api.penstock.test/`, body: `keep this: ${phrase}` });
    client.close();
    expect(reply.status).toBe(status);
    await stage.gateway.waitForLog({ event: 'exchange', host: 'api.penstock.test' }, mark);
    const found = stage.gateway.logged({ event: 'finding', rule }, mark);
    expect(found.map((line) => line.verdict)).toEqual(verdict === undefined ? [] : [verdict]);
  });
});

describe.each([
  ['min_words: 24', { min_words: 24 }, { phrase: 200, longPhrase: 403, noPhrase: 200 }],
  [
    'min_words: 15, verify_checksum: false',
    { min_words: 15, verify_checksum: false },
    { phrase: 200, longPhrase: 403, noPhrase: 200 },
  ],
  ['verify_checksum: false', { verify_checksum: false }, { phrase: 403, longPhrase: 403, noPhrase: 403 }],
  ['verify_checksum: true', { verify_checksum: true }, { phrase: 403, longPhrase: 403, noPhrase: 200 }],
] as const)('%s', (_, seed_phrase_detection, expected) => {
  const stage = useStage({ sections: { seed_phrase_detection } });
  test('what counts as a phrase', async () => {
    const client = h1Client(stage.gateway.route);
    const got: Record<string, number> = {};
    for (const [name, text] of Object.entries({ phrase, longPhrase, noPhrase })) {
      const reply = await client.send({ url: 'https://api.penstock.test/', body: `keep this: ${text}` });
      got[name] = reply.status;
    }
    client.close();
    expect(got).toEqual(expected);
  });
});
