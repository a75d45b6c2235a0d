// A secret that is sent as the name of a host: found before anybody is asked where the host is, whichever way the request takes.
import { afterEach, describe, expect, test } from 'vitest';
import { githubToken } from '../harness/secret.ts';
import { openTunnel, TunnelRefused } from '../harness/tunnel.ts';
import { upgrade } from '../harness/websocket-client.ts';
import { attempt } from './attempt.ts';
import { type Stage, useStage } from './stage.ts';

const cut = (text: string, chars: number) => text.match(new RegExp(`.{1,${chars}}`, 'g'))!.join('.');

/** RFC 4648 section 6 in small letters, unpadded. */
function base32(text: string): string {
  let bits = '';
  for (const byte of Buffer.from(text)) bits += byte.toString(2).padStart(8, '0');
  return bits
    .match(/.{1,5}/g)!
    .map((five) => 'abcdefghijklmnopqrstuvwxyz234567'[Number.parseInt(five.padEnd(5, '0'), 2)])
    .join('');
}

// Nothing with an underscore: Envoy takes it for no name in CONNECT.
const names = {
  hexadecimal: cut(Buffer.from(githubToken()).toString('hex'), 60),
  base32: cut(base32(githubToken()), 50),
  base64url: cut(Buffer.from(`x ${githubToken()}`).toString('base64url'), 33),
  'behind other labels': `a.bc.${cut(base32(githubToken()), 40)}`,
};

/** What became of a request to the name, by each way that there is. */
const ways: Record<string, (stage: Stage, name: string) => Promise<{ status: number; text: string }>> = {
  'plain http': ({ gateway }, name) => attempt({ proxy: gateway.proxy, ca: '' }, `http://${name}/`),
  CONNECT: async ({ gateway }, name) => {
    try {
      (await openTunnel(gateway.proxy, `${name}:443`)).destroy();
      return { status: 200, text: '' };
    } catch (error) {
      if (!(error instanceof TunnelRefused)) throw error;
      return { status: error.status, text: error.body };
    }
  },
  '/ws?url=': async ({ gateway }, name) => {
    const own = `http://127.0.0.1:${gateway.proxy.port}/ws?url=${encodeURIComponent(`wss://${name}/`)}`;
    const { head, socket } = await upgrade({ ca: '' }, own);
    socket.destroy();
    return { status: Number(head.split(' ')[1]), text: head };
  },
};

describe.each(Object.entries(names))('%s', (_, labels) => {
  const stage = useStage({ sections: { tls_interception: { enabled: false }, websocket_proxy: { enabled: true } } });
  test.each(Object.entries(ways))('by %s', async (_way, ask) => {
    const mark = stage.gateway.mark();
    const outcome = await ask(stage, `${labels}.penstock.test`);
    expect(outcome).toMatchObject({ status: 403 });
    const line = await stage.gateway.waitForLog({ event: 'finding', surface: 'url', verdict: 'block' }, mark);
    expect(line.rule).toBe('credential.github.token');
    await stage.gateway.waitForLog({ event: 'exchange', verdict: 'block' }, mark);
    const said = JSON.stringify(stage.gateway.log.lines.slice(mark));
    for (const label of labels.split('.').filter(({ length }) => length > 12)) expect(said).not.toContain(label);
  });
});

describe('inside an opened tunnel', () => {
  const stage = useStage();
  afterEach(() => expect(stage.world.api.arrived).toEqual([]));
  test('hexadecimal', async () => {
    const outcome = await attempt(stage.gateway.route, `https://${names.hexadecimal}.penstock.test/`);
    expect(outcome).toMatchObject({ at: 'answer', status: 403 });
    expect(JSON.parse(outcome.text)).toMatchObject({ error: { code: 'credential.github.token' } });
  });
});

describe.each([
  ['mode: audit', { mode: 'audit' }],
  ['enforce: false', { enforce: false }],
])('%s', (_, mode) => {
  const stage = useStage({ sections: { ...mode, tls_interception: { enabled: false } } });
  test('names are asked for, and said to be findings', async () => {
    const mark = stage.gateway.mark();
    const outcome = await ways['CONNECT']!(stage, `${names.hexadecimal}.penstock.test`);
    expect(JSON.parse(outcome.text)).toMatchObject({ error: { code: 'dns-failure' } });
    await stage.gateway.waitForLog({ event: 'finding', surface: 'url', verdict: 'warn' }, mark);
  });
});
