// session_profiling and adaptive_enforcement: what a client has done changes how it is judged, through the filter in the
// emulated host.
import { expect, test } from 'vitest';
import { compile } from '../../control/compile/compile.ts';
import { setVerdicts } from '../../control/compile/verdicts.ts';
import { readRules } from '../../control/rules/read.ts';
import { policyOf } from '../rules/table.ts';
import { OneWorker, type Sent } from './one-worker.ts';

const rules = readRules();
/** By what of a policy is no verdict. */
const tables = new Map<string, Uint8Array>();

// Written in parts: no whole token stands in any file. A card number of low confidence is a warning in mode balanced.
const token = ['gh', 'p_', 'x7Kd02', 'LmQpZr8TnVb4W', 'sYcE6hJ9fGaU1iO3k'].join('');
const seconds = (minutes: number) => minutes * 60;

function gateway(section: string, mode = 'balanced') {
  const config = `mode: ${mode}\napi_allowlist: ['*.example']\n${section}`;
  const policy = policyOf(rules, config);
  const exempt = policy.profiles!.levels?.exempt.join() ?? '';
  const compiled = tables.get(exempt) ?? compile(rules, policy).table;
  tables.set(exempt, compiled);
  const table = compiled.slice();
  setVerdicts(table, rules, policy);
  const worker = new OneWorker(table);
  /** `bytes` of a body, where what is in it means nothing. */
  const send = ({ bytes, ...sent }: Sent & { bytes?: number } = {}) => {
    const { status, text, lines } = worker.send(
      bytes === undefined ? sent : { ...sent, body: 'word '.repeat(bytes / 5) },
    );
    return {
      status,
      text,
      levels: lines.filter(({ event }) => event === 'level').map(({ from, to }) => `${from} ${to}`),
      limits: lines.filter(({ event }) => event === 'limit').map(({ reason, verdict }) => `${reason} ${verdict}`),
      verdicts: lines.filter(({ event }) => event === 'finding').map(({ verdict }) => verdict),
    };
  };
  return { host: worker.host, send, wait: (forSeconds: number) => worker.wait(forSeconds) };
}

const on = (rest = '') => `session_profiling: { enabled: true, domain_burst: 50 }
adaptive_enforcement: { enabled: true, ${rest} }
`;
const leak = { body: JSON.stringify({ note: token }) };

test('blocks lead up the levels, and at the last nothing passes, until time has led down again', () => {
  const { send, wait } = gateway(on());
  // 3, 6 ≥ 5, 9, 12 ≥ 10, 15, 18, 21 ≥ 20.
  const seen = Array.from({ length: 7 }, () => send(leak).levels.join());
  expect(seen).toEqual(['', 'normal elevated', '', 'elevated high', '', '', 'high critical']);
  const stopped = send({ body: 'hello' });
  expect([stopped.status, stopped.limits]).toEqual([403, ['client-level block']]);
  expect(stopped.text).toContain('adaptive_enforcement');
  // What is refused gives no points and no reason to stay.
  for (let i = 0; i < 20; i++) send(leak);
  wait(299);
  expect(send().status).toBe(403);
  wait(1);
  expect(send()).toMatchObject({ status: undefined, levels: ['critical high'] });
  wait(300);
  expect(send().levels).toEqual(['high elevated']);
  wait(300);
  expect(send().levels).toEqual(['elevated normal']);
});

test('another client is another, and so is one in mode audit, where nothing is blocked', () => {
  const { send } = gateway(on());
  for (let i = 0; i < 8; i++) send(leak);
  expect(send().status).toBe(403);
  expect(send({ client: '10.0.0.2' }).status).toBeUndefined();
  for (const off of [gateway(on(), 'audit'), gateway(`enforce: false\n${on()}`)]) {
    const all = Array.from({ length: 30 }, () => off.send(leak));
    expect(all.every(({ status }) => status === undefined)).toBe(true);
    expect(all.flatMap(({ levels }) => levels)).toEqual(['normal elevated', 'elevated high', 'high critical']);
    expect(all.at(-1)!.limits).toEqual(['client-level warn']);
  }
});

test('a warning is a block from elevated on, in requests and in answers', () => {
  const warn = 'request_body_scanning: { action: warn }\nresponse_scanning: { action: warn }\n';
  const { send } = gateway(warn + on());
  const answer = { answer: `the key is ${token}` };
  expect(send(leak)).toMatchObject({ status: undefined, verdicts: ['warn'] });
  expect(send(answer)).toMatchObject({ status: undefined, verdicts: ['warn'] });
  for (let i = 0; i < 3; i++) send(leak);
  expect(send(leak)).toMatchObject({ status: 403, verdicts: ['block'] });
  expect(send({ ...answer, client: '10.0.0.1' })).toMatchObject({ verdicts: ['block'] });
  // Elsewhere it is what it was.
  expect(send({ ...leak, client: '10.0.0.9' })).toMatchObject({ status: undefined, verdicts: ['warn'] });
});

test('clean exchanges take points off, and those by any way in count', () => {
  const { send } = gateway(on('decay_per_clean_request: 1'));
  for (let i = 0; i < 10; i++) {
    expect(send(leak).levels).toEqual([]);
    for (let j = 0; j < 3; j++) send({ body: 'hello' });
  }
  send({ ...leak, chain: 'egress' });
  expect(send({ chain: 'mcp', body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: token }) }).levels).toEqual([
    'normal elevated',
  ]);
});

test('what an exchange costs is that of its dearest finding', () => {
  const { send } = gateway(on());
  expect(send({ body: `${token} ${[...token].reverse().join('')} ${token}` }).levels).toEqual([]);
  expect(send(leak).levels).toEqual(['normal elevated']);
});

test('destinations that are exempt give no points and know no levels', () => {
  const { send } = gateway(on("exempt_domains: ['*.free.example']"));
  for (let i = 0; i < 8; i++) expect(send({ ...leak, host: 'a.free.example' }).levels).toEqual([]);
  expect(send().status).toBeUndefined();
  for (let i = 0; i < 8; i++) send(leak);
  expect(send().status).toBe(403);
  expect(send({ host: 'a.free.example' }).status).toBeUndefined();
});

test('levels do what the file says of them', () => {
  const { send } = gateway(
    on("escalation_threshold: 3, levels: { elevated: { upgrade_warn: '' }, critical: { block_all: false } }"),
  );
  for (let i = 0; i < 10; i++) send(leak);
  expect(send({ body: 'hello' }).status).toBeUndefined();
});

const profiling = (rest: string) => `session_profiling: { enabled: true, ${rest} }\n`;

test('more new domains than usual are told of, and blocked where policy says so', () => {
  const { send, wait } = gateway(profiling('domain_burst: 3, anomaly_action: block'));
  const ask = (i: number) => send({ host: `h${i}.site${i}.example` });
  const domains = [1, 2, 3].map((i) => ask(i).status);
  expect(domains).toEqual([undefined, undefined, undefined]);
  // Hosts of a domain are one.
  expect(send({ host: 'other.site1.example' }).status).toBeUndefined();
  expect(ask(4)).toMatchObject({ status: 429, limits: ['domain-burst block'] });
  expect(ask(4).status).toBe(429);
  expect(ask(2).status).toBeUndefined();
  wait(seconds(5));
  expect([ask(4), ask(1)].map(({ status }) => status)).toEqual([undefined, undefined]);
});

test('by default it is a warning, once for each domain, and worth two points', () => {
  const { send } = gateway(`${profiling('domain_burst: 2')}adaptive_enforcement: { enabled: true }\n`);
  const ask = (i: number) => send({ host: `h.site${i}.example` });
  const limits = [1, 2, 3, 3, 3, 4].map((i) => ask(i).limits.join());
  expect(limits).toEqual(['', '', 'domain-burst warn', '', '', 'domain-burst warn']);
  // 2 + 2, less 1 for two that were clean.
  expect(ask(5).levels).toEqual(['normal elevated']);
});

test('a client that moves many times what it did is told of; one that is new, or moves little, is not', () => {
  const { send, wait } = gateway(profiling('volume_spike_ratio: 4, window_minutes: 3, anomaly_action: block'));
  const mebibyte = 2 ** 20;
  expect(send({ bytes: 3 * mebibyte }).limits).toEqual([]);
  expect(send().limits).toEqual([]);
  for (let minute = 0; minute < 12; minute++) {
    wait(60);
    for (let i = 0; i < 3; i++) expect(send({ bytes: mebibyte / 4 }).status).toBeUndefined();
  }
  wait(60);
  expect(send({ bytes: 4 * mebibyte }).status).toBeUndefined();
  expect(send()).toMatchObject({ status: 429, limits: ['volume-spike block'] });
  expect(send({ client: '10.0.0.7' }).status).toBeUndefined();
  wait(60);
  expect(send().status).toBeUndefined();
});

test('a client that was silent for long is forgotten, and so are the domains that it knew', () => {
  const { send, wait } = gateway(`${profiling('session_ttl_minutes: 10')}adaptive_enforcement: { enabled: true }\n`);
  for (let i = 0; i < 8; i++) send(leak);
  expect(send().status).toBe(403);
  wait(seconds(10) + 1);
  expect(send()).toMatchObject({ status: undefined, levels: [] });
});

test('a thousand clients stay apart, and many more than there is room for take no more of it', () => {
  const { host, send } = gateway(
    'session_profiling: { enabled: true, max_sessions: 4096 }\nadaptive_enforcement: { enabled: true, escalation_threshold: 1, levels: { elevated: { block_all: true }, high: { block_all: true } } }\n',
  );
  const client = (i: number) => `10.${i >> 16}.${(i >> 8) & 255}.${i & 255}`;
  for (let i = 0; i < 1000; i++) send({ ...leak, client: client(i) });
  const stopped = Array.from({ length: 1000 }, (_, i) => send({ client: client(i) }).status === 403);
  expect(stopped.filter(Boolean).length).toBeGreaterThan(990);
  for (let i = 1000; i < 9000; i++) send({ client: client(i) });
  expect(host.sharedData.size).toBeLessThanOrEqual(4097);
});
