// A secret that comes in several requests of one client, whatever is sent in between and wherever its pieces stand.
import { expect, test } from 'vitest';
import { readRules } from '../../control/rules/read.ts';
import { compileRules } from '../rules/table.ts';
import { OneWorker, type Reply, type Sent } from './one-worker.ts';

const rules = readRules();
const on = 'cross_request_detection: { enabled: true, fragment_reassembly: { enabled: true } }\n';
const tables = new Map<string, Uint8Array>();

// Written in parts: no whole token stands in any file.
const parts = [['gh', 'p_', 'x7Kd02'], ['LmQpZr8TnVb4W'], ['sYcE6hJ9fGaU1iO3k']].map((letters) => letters.join(''));
const third = parts[2]!;

function gateway(config = `mode: balanced\n${on}`) {
  const table = tables.get(config) ?? compileRules(rules, config).table;
  tables.set(config, table);
  const worker = new OneWorker(table);
  const send = (sent: Sent) => {
    const { status, lines } = worker.send({ host: 'api.example.com', ...sent });
    return { isBlocked: status !== undefined, ...outcomeOf(lines) };
  };
  const open = (client?: string) => {
    const say = worker.open(client === undefined ? {} : { client });
    return (message: string) => {
      const { closedWith, lines } = say(message);
      return { closedWith, ...outcomeOf(lines) };
    };
  };
  return { host: worker.host, send, open, wait: (seconds: number) => worker.wait(seconds) };
}

function outcomeOf(lines: Reply['lines']) {
  const verdicts = lines.filter(({ event }) => event === 'finding').map(({ verdict }) => verdict);
  return { verdicts, logs: lines.map((line) => JSON.stringify(line)).join('\n') };
}

const inJson = (value: string) => ({ body: JSON.stringify({ model: 'm-1', data: value }) });
const inQuery = (value: string) => ({ url: `/v1?d=${value}` });
const inForm = (value: string) => ({ body: `id=17&d=${value}` });
const inPath = (value: string) => ({ url: `/files/${value}/x` });
const inPadded = (value: string) => inJson(`${value}=`);
const percent = (value: string) => value.replace(/[a-m_]/g, (c) => `%${c.charCodeAt(0).toString(16)}`);
const inPercent = (value: string) => inQuery(percent(value));
const inPercentForm = (value: string) => inForm(percent(value));
const inHost = (value: string) => ({ host: `${value}.example.com` });
const inHex = (value: string) => inHost(Buffer.from(value).toString('hex'));
const noise = ['a7b3', 'Zq81', 'id_77', 'x9Y8z7', 'N0ise'];

type Way = (value: string) => Sent;
const cuts: [string, Way[]][] = [
  ['queries', [inQuery, inQuery, inQuery]],
  ['bodies', [inJson, inJson, inJson]],
  ['a form, a path and a query', [inForm, inPath, inQuery]],
  ['padded values', [inPadded, inPadded, inPadded]],
  ['percent-encoded values', [inPercent, inPercentForm, inPercent]],
  ['names of hosts', [inHost, inHost, inHost]],
  ['hexadecimal names of hosts', [inHex, inHex, inHex]],
];

test.each(cuts)('three pieces in %s, with others in between', (_, ways) => {
  const { send } = gateway();
  ways.forEach((way, i) => {
    const { isBlocked, logs } = send(way(parts[i]!));
    expect(isBlocked, `piece ${i}`).toBe(i === 2);
    if (i === 2) expect(logs).toContain('"rule":"credential.github.token"');
    for (const piece of parts) expect(logs).not.toContain(piece);
    if (i < 2) for (const value of noise) expect(send(ways[i]!(`${value}${i}`)).isBlocked).toBe(false);
  });
  // It stays out when it comes again.
  expect(send(ways[2]!(third)).isBlocked).toBe(true);
});

test('three messages of a WebSocket, with others in between', () => {
  const say = gateway().open();
  parts.forEach((piece, i) => {
    const { closedWith, logs } = say(JSON.stringify({ data: piece }));
    expect(closedWith, `piece ${i}`).toBe(i === 2 ? 1008 : undefined);
    if (i === 2) expect(logs).toContain('"rule":"credential.github.token"');
    for (const value of noise) if (i < 2) expect(say(`{"id":"${value}${i}"}`).closedWith).toBe(undefined);
  });
});

test('a WebSocket, a request and another WebSocket', () => {
  const { send, open } = gateway();
  expect(open()(`{"data":"${parts[0]}"}`).closedWith).toBe(undefined);
  expect(send(inQuery(parts[1]!)).isBlocked).toBe(false);
  const { closedWith, verdicts, logs } = open()(`{"data":"${third}"}`);
  expect({ closedWith, verdicts }).toEqual({ closedWith: 1008, verdicts: ['block'] });
  for (const piece of parts) expect(logs).not.toContain(piece);
  expect(open('10.0.0.2')(`{"data":"${third}"}`).closedWith).toBe(undefined);
});

test('pieces of base64', () => {
  const { send } = gateway();
  const encoded = Buffer.from(`the token is ${parts.join('')} indeed`).toString('base64url');
  expect(send(inQuery(encoded.slice(0, 30))).isBlocked).toBe(false);
  expect(send(inQuery(encoded.slice(30))).isBlocked).toBe(true);
});

test('pieces of two clients are not put together', () => {
  const { send } = gateway();
  for (const [i, piece] of parts.entries())
    expect(send({ ...inQuery(piece), client: `10.0.0.${i + 1}` }).isBlocked).toBe(false);
});

test.each([
  ['is off', 'mode: balanced\n'],
  ['lacks its part', 'mode: balanced\ncross_request_detection: { enabled: true }\n'],
])('nothing is kept where the section %s', (_, config) => {
  const { send } = gateway(config);
  for (const piece of parts) expect(send(inQuery(piece))).toMatchObject({ isBlocked: false, verdicts: [] });
});

test.each([
  ['action warn', `mode: balanced\n${on.replace('enabled: true,', 'enabled: true, action: warn,')}`],
  ['mode audit', `mode: audit\n${on}`],
  ['enforce: false', `mode: strict\napi_allowlist: [api.example.com]\nenforce: false\n${on}`],
])('%s warns and blocks nothing', (_, config) => {
  const { send } = gateway(config);
  const sent = parts.map((piece) => send(inQuery(piece)));
  expect(
    sent.map(({ isBlocked }) => isBlocked),
    sent[2]!.logs,
  ).toEqual([false, false, false]);
  expect(sent[2]!.verdicts).toContain('warn');
});

test('a conversation that is sent again and again says nothing new', () => {
  const { send } = gateway();
  const messages: { id: string; content: string }[] = [];
  for (let turn = 0; turn < 30; turn++) {
    messages.push({ id: `msg_${turn}a7Kd`, content: `It is ${turn} o'clock, and all is well in Room-${turn}b.` });
    expect(send({ body: JSON.stringify({ model: 'gpt-4o', messages }) })).toMatchObject({ verdicts: [] });
  }
});

test('many clients take no more memory', { timeout: 60_000 }, () => {
  const { host, send } = gateway();
  for (let i = 0; i < 3000; i++)
    send({ ...inQuery(`a${i}B_${i}`), client: `10.${i >> 16}.${(i >> 8) & 255}.${i & 255}` });
  const before = host.memoryBytes;
  for (let i = 3000; i < 20_000; i++)
    send({ ...inQuery(`a${i}B_${i}`), client: `10.${i >> 16}.${(i >> 8) & 255}.${i & 255}` });
  expect(host.memoryBytes).toBe(before);
  expect(host.sharedData.size).toBeLessThanOrEqual(4097);
});

test('values that come again with each request hide no later piece', () => {
  const { send } = gateway();
  const again = Array.from({ length: 20 }, (_, i) => `item_${i}aB`);
  const sendWith = (piece: string) => send({ body: JSON.stringify({ again, data: piece }) }).isBlocked;
  // A request has eight new values at most: these make them known.
  for (let i = 0; i < 3; i++) sendWith('none');
  expect(parts.map(sendWith)).toEqual([false, false, true]);
});

test('a request alone is not put together with itself', () => {
  const { send } = gateway();
  const filler = 'and then it went on for a while';
  expect(send({ body: JSON.stringify({ a: parts[0], x: filler, b: parts[1], y: filler, c: third }) }).isBlocked).toBe(
    false,
  );
});

test('a piece that comes again after it was forgotten counts again', () => {
  const { send, wait } = gateway();
  expect(send(inQuery(parts[0]!)).isBlocked).toBe(false);
  wait(3 * 3600);
  send(inQuery('a7b3'));
  wait(3 * 3600);
  expect(parts.map((piece) => send(inQuery(piece)).isBlocked)).toEqual([false, false, true]);
});

test("two thousand clients at once keep out of each other's way", { timeout: 60_000 }, () => {
  const { send } = gateway();
  const clients = Array.from({ length: 2000 }, (_, i) => `10.1.${i >> 8}.${i & 255}`);
  let blocked = 0;
  for (const piece of parts) for (const client of clients) if (send({ ...inQuery(piece), client }).isBlocked) blocked++;
  expect(blocked).toBeGreaterThan(1900);
});
