// What Envoy's decompressors end early, since it opens to too much: it must not pass for the whole, in whatever order
// codings come. Envoy counts what it opens under the name of the coding that was first in its life.
import { describe, expect, test } from 'vitest';
import { type Encoding, encode, encoded } from '../harness/answer.ts';
import { h1Client, h2Client } from '../harness/client.ts';
import { useStage } from './stage.ts';

const url = 'https://api.penstock.test/v1/chat/completions';
const fields: [string, string][] = [['Content-Type', 'text/event-stream']];
const huge = 'a'.repeat(1_000_000);

describe.each<[Encoding, Encoding[]]>([
  ['gzip', ['br', 'zstd']],
  ['br', ['br', 'zstd']],
])('after %s', (first, others) => {
  const stage = useStage({ sections: { mode: 'strict', api_allowlist: ['*.penstock.test'] } });

  test.each([
    ['HTTP/1.1', h1Client],
    ['HTTP/2', h2Client],
  ] as const)('over %s', async (_, open) => {
    const client = open(stage.gateway.route);
    const ask = () => client.send({ url, body: '{}' });
    stage.world.api.answer = encoded(first, fields, 'data: all is well\n\n');
    expect((await ask()).body.toString()).toContain('all is well');
    client.close();
    for (const encoding of others) {
      const client = open(stage.gateway.route);
      const mark = stage.gateway.mark();
      stage.world.api.answer = encoded(encoding, fields, `data: ${huge}\n\n`);
      await expect(client.send({ url, body: '{}' })).rejects.toThrow();
      await stage.gateway.waitForLog({ event: 'unreadable', reason: 'response-expansion', verdict: 'block' }, mark);
      client.close();
      const sender = open(stage.gateway.route);
      const body = encode(encoding, JSON.stringify({ text: huge }));
      const { status } = await sender.send({ url, body, fields: [['Content-Encoding', encoding]] });
      expect([status, stage.world.api.arrived.at(-1)?.body.length ?? 0], encoding).toEqual([403, 2]);
      sender.close();
    }
  });
});
