// cross_request_detection.entropy_budget: how much of what a client sends looks drawn, whatever form it has.
import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { compile } from '../../control/compile/compile.ts';
import { setVerdicts } from '../../control/compile/verdicts.ts';
import { readRules } from '../../control/rules/read.ts';
import { policyOf } from '../rules/table.ts';
import { OneWorker, type Reply, type Sent } from './one-worker.ts';

const rules = readRules();
const tables = new Map<string, Uint8Array>();

/** The same each time, and no two alike: letters and digits of a digest. */
const drawn = (i: number, bytes = 43) =>
  createHash('sha512').update(`value ${i}`).digest('base64url').replace(/[-_]/g, 'x').slice(0, bytes);

function gateway(budget: string, more = '', mode = 'balanced') {
  const section = `cross_request_detection: { enabled: true, entropy_budget: { enabled: true, ${budget} } }\n`;
  const policy = policyOf(rules, `mode: ${mode}\n${section}${more}`);
  const exempt = policy.entropyBudget!.exempt.join();
  const compiled = tables.get(exempt) ?? compile(rules, policy).table;
  tables.set(exempt, compiled);
  const table = compiled.slice();
  setVerdicts(table, rules, policy);
  const worker = new OneWorker(table);
  const send = (sent: Sent) => {
    const { status, lines } = worker.send(sent);
    return { status, reasons: reasonsOf(lines), lines };
  };
  return { send, open: () => worker.open(), wait: (seconds: number) => worker.wait(seconds) };
}

const reasonsOf = (lines: Reply['lines']) =>
  lines.flatMap(({ reason, verdict }) => (reason ? [`${reason} ${verdict}`] : []));

// 43 letters and digits have some 200 bits by how often each stands there.
const ways: [string, (value: string) => Sent][] = [
  ['queries', (value) => ({ url: `/v1?d=${value}` })],
  [
    'percent-encoded queries',
    (value) => ({ url: `/v1?d=${value.replace(/[a-f]/g, (c) => `%${c.charCodeAt(0).toString(16)}`)}` }),
  ],
  ['padded queries', (value) => ({ url: `/v1?d=${value}==&e=1` })],
  ['paths', (value) => ({ url: `/files/${value}/x` })],
  ['names of hosts', (value) => ({ host: `${value}.example` })],
  ['JSON', (value) => ({ body: JSON.stringify({ model: 'm-1', data: value }) })],
  ['padded JSON', (value) => ({ body: JSON.stringify({ data: `${value}=` }) })],
  ['forms', (value) => ({ body: `id=17&d=${value}` })],
];

test.each(ways)('values in %s use it up', (_, way) => {
  const { send } = gateway('bits_per_window: 2000, action: block');
  const statuses = Array.from({ length: 12 }, (_, i) => send(way(drawn(i))).status);
  expect(statuses.slice(0, 8)).toEqual(Array(8).fill(undefined));
  expect(statuses.at(-1)).toBe(429);
  expect(send({ ...way(drawn(99)), client: '10.0.0.2' }).status).toBeUndefined();
});

test('messages of a WebSocket use it up as well', () => {
  const { send, open } = gateway('bits_per_window: 1024, action: block');
  const [one, other] = [open(), open()];
  for (let i = 0; i < 3; i++) expect(one(JSON.stringify({ data: drawn(i) })).closedWith).toBe(undefined);
  expect(send({ body: JSON.stringify({ data: drawn(3) }) }).status).toBe(undefined);
  const { closedWith, lines } = other(JSON.stringify({ data: [drawn(4), drawn(5)] }));
  expect(closedWith).toBe(1008);
  expect(reasonsOf(lines)).toEqual(['entropy-budget block']);
});

test('what is said again costs nothing, and words never do', () => {
  const { send } = gateway('bits_per_window: 2000, action: block');
  const conversation = JSON.stringify({
    ids: [1, 2, 3, 4].map((i) => drawn(i)),
    text: 'How much is left of May? '.repeat(500),
  });
  for (let i = 0; i < 50; i++)
    expect(send({ url: `/v1/accounts?user=${drawn(7)}&page=${i}`, body: conversation }).status).toBeUndefined();
});

test('one long value, or many in one request, are as much as they are', () => {
  const long = (i: number) => Array.from({ length: 10 }, (_, j) => drawn(i * 100 + j)).join('');
  for (const body of [
    JSON.stringify({ data: long(1) }),
    JSON.stringify(Array.from({ length: 40 }, (_, i) => drawn(i))),
  ]) {
    const { send } = gateway('bits_per_window: 2000, action: block');
    expect(send({ body }).status).toBe(429);
  }
});

test('time gives it back', () => {
  const { send, wait } = gateway('bits_per_window: 2000, window_minutes: 2, action: block');
  for (let i = 0; i < 12; i++) send({ body: JSON.stringify({ data: drawn(i) }) });
  expect(send({ body: JSON.stringify({ data: drawn(20) }) }).status).toBe(429);
  wait(240);
  expect(send({ body: JSON.stringify({ data: drawn(21) }) }).status).toBeUndefined();
});

test('by default it is a warning, in mode audit too, and exempt destinations use nothing up', () => {
  for (const mode of ['balanced', 'audit']) {
    const { send } = gateway(`bits_per_window: 500${mode === 'audit' ? ', action: block' : ''}`, '', mode);
    const last = Array.from({ length: 5 }, (_, i) => send({ body: JSON.stringify({ data: drawn(i) }) })).at(-1)!;
    expect(last).toMatchObject({ status: undefined, reasons: ['entropy-budget warn'] });
  }
  const { send } = gateway("bits_per_window: 500, action: block, exempt_domains: ['*.free.example']");
  for (let i = 0; i < 9; i++)
    expect(send({ host: 'a.free.example', body: JSON.stringify({ data: drawn(i) }) }).status).toBeUndefined();
  expect(send({ body: JSON.stringify({ data: drawn(99) }) }).status).toBeUndefined();
});

test('it is worth two points of a client', () => {
  const profile = 'session_profiling: { enabled: true }\nadaptive_enforcement: { enabled: true }\n';
  const { send } = gateway('bits_per_window: 500', profile);
  const levels = Array.from({ length: 6 }, (_, i) => send({ body: JSON.stringify({ data: drawn(i) }) }).lines).flat();
  expect(levels.filter(({ event }) => event === 'level')).toMatchObject([{ from: 'normal', to: 'elevated' }]);
});
