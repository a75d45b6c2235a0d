// seed_phrase_detection: on where nothing is said, and off where somebody says so.
import { entropyToMnemonic } from '@scure/bip39';
import { wordlist } from '@scure/bip39/wordlists/english.js';
import { describe, expect, test } from 'vitest';
import { h1Client } from '../harness/client.ts';
import { useStage } from './stage.ts';

const phrase = entropyToMnemonic(
  Uint8Array.from({ length: 16 }, (_, i) => (i * 97 + 41) & 255),
  wordlist,
);
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
