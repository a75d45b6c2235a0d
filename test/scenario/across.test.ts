// cross_request_detection: the pieces of a token go out over plain http and https, in any order of ways, and the last one stops.
import { describe, expect, test } from 'vitest';
import { h1Client } from '../harness/client.ts';
import { githubToken } from '../harness/secret.ts';
import { useStage } from './stage.ts';

const token = githubToken();
const pieces = [token.slice(0, 13), token.slice(13, 26), token.slice(26)];
const rule = 'credential.github.token';

type Way = (piece: string) => { url: string; body?: string };
const query: Way = (piece) => ({ url: `https://api.penstock.test/v1?part=${piece}` });
const path: Way = (piece) => ({ url: `http://api.penstock.test/files/${piece}/info` });
const body: Way = (piece) => ({ url: 'https://api.penstock.test/', body: JSON.stringify({ part: piece }) });

describe.each([
  ['left out', {}, [200, 200, 200], undefined],
  ['on', { enabled: true, fragment_reassembly: { enabled: true } }, [200, 200, 403], 'block'],
  ['action: warn', { enabled: true, action: 'warn', fragment_reassembly: { enabled: true } }, [200, 200, 200], 'warn'],
] as const)('%s', (_, section, statuses, verdict) => {
  const isLeftOut = Object.keys(section).length === 0;
  const stage = useStage({ sections: isLeftOut ? {} : { cross_request_detection: section } });
  test('a query, a path and a body', async () => {
    const mark = stage.gateway.mark();
    const send = async (request: ReturnType<Way>) => {
      const client = h1Client(stage.gateway.route);
      const { status } = await client.send(request);
      client.close();
      return status;
    };
    const got: number[] = [];
    for (const [i, way] of [query, path, body].entries()) {
      got.push(await send(way(pieces[i]!)));
      // Something else goes on in between.
      for (const other of ['chunk_7a', 'B2x9']) expect(await send(query(`${other}${i}`))).toBe(200);
    }
    expect(got).toEqual(statuses);
    await stage.gateway.waitForLog({ event: 'exchange' }, mark);
    const found = stage.gateway.logged({ event: 'finding', rule }, mark);
    expect(found.map((line) => line.verdict)).toEqual(verdict === undefined ? [] : [verdict]);
  });
});
