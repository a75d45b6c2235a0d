// What each surface says of a finding, in each mode and in each state of the keys that decide: left out, null, false, true,
// and each action; and that a reload comes to the same as a start.
import { describe, expect, test } from 'vitest';
import * as layout from '../../filter/table/layout.ts';
import { compile } from '../compile/compile.ts';
import { setVerdicts } from '../compile/verdicts.ts';
import { readConfig } from '../config/read.ts';
import { readRules } from '../rules/read.ts';
import type { Rule } from '../rules/rule.ts';
import { buildPolicy } from './build.ts';
import { type Surface, surfaces, unreadables, type Verdict } from './policy.ts';

const rule = readRules().find(({ id }) => id === 'credential.github.token') as Rule;
const options = {
  listen: { address: '127.0.0.1', port: 8888 },
  mcpListen: { address: '127.0.0.1', port: 8889 },
  mcpUpstream: undefined,
  upstreamCaFile: '',
};

/** The section whose keys decide on a surface; URLs have none. */
const sectionOf: Record<Surface, string | undefined> = {
  url: undefined,
  header: 'request_body_scanning',
  'request-body': 'request_body_scanning',
  'response-body': 'response_scanning',
  'mcp-request': 'mcp_input_scanning',
  'mcp-response': 'response_scanning',
  'mcp-tool': 'response_scanning',
  'response-header': 'response_scanning',
};

const modes = {
  strict: { text: 'mode: strict\napi_allowlist: [example.com]\n', high: 'block', low: 'block', blocks: true },
  balanced: { text: 'mode: balanced\n', high: 'block', low: 'warn', blocks: true },
  audit: { text: 'mode: audit\n', high: 'warn', low: 'warn', blocks: false },
  'not enforced': { text: 'mode: balanced\nenforce: false\n', high: 'warn', low: 'warn', blocks: false },
} as const;

type Mode = (typeof modes)[keyof typeof modes];

/** A verdict by mode where nothing else is said. */
const byMode = (mode: Mode): [high: Verdict, low: Verdict] => [mode.high, mode.low];
const allow = (): [Verdict, Verdict] => ['allow', 'allow'];

/** The keys of the deciding section, as flow YAML after its name; and what becomes of a finding. */
const states: [name: string, keys: string, expected: (mode: Mode) => [high: Verdict, low: Verdict]][] = [
  ['left out', '', byMode],
  ['section null', ':', byMode],
  ['enabled null', ': { enabled: null, action: null }', byMode],
  ['enabled false', ': { enabled: false }', allow],
  ['enabled false with an action', ': { enabled: false, action: block }', allow],
  ['enabled true', ': { enabled: true }', byMode],
  ['warn', ': { action: warn }', () => ['warn', 'warn']],
  ['block', ': { action: block }', (mode) => (mode.blocks ? ['block', 'block'] : ['warn', 'warn'])],
];
/** A tool is taken out of its list, or the list is blocked; a part of its definition is not taken out. */
const strip = (surface: Surface): (typeof states)[number] => [
  'strip',
  ': { action: strip }',
  (mode) => {
    const verdict = !mode.blocks ? 'warn' : surface === 'mcp-tool' ? 'block' : 'strip';
    return [verdict, verdict];
  },
];

function policyOf(text: string) {
  return buildPolicy(readConfig(text, 'pipelock.yaml').config, [rule], options);
}

function verdictsOf(text: string, surface: Surface): [high: Verdict, low: Verdict] {
  const { high, low } = policyOf(text).ruleVerdicts.get(rule.id)!;
  const at = surfaces.indexOf(surface);
  return [high[at]!, low[at]!];
}

const rows = Object.entries(modes).flatMap(([modeName, mode]) =>
  surfaces.flatMap((surface) => {
    const section = sectionOf[surface];
    const all = section === 'response_scanning' ? [...states, strip(surface)] : states;
    return (section === undefined ? states.slice(0, 1) : all).map(([state, keys, expected]) => ({
      name: `${modeName}, ${surface}, ${state}`,
      surface,
      text: `${mode.text}${keys === '' ? '' : `${section}${keys}\n`}`,
      expected: expected(mode),
    }));
  }),
);

test.each(rows)('$name', ({ surface, text, expected }) => {
  expect(verdictsOf(text, surface)).toEqual(expected);
});

/** The verdicts that the filter reads of a table's only rule. */
function verdictsIn(table: Uint8Array, surface: Surface): number[] {
  const view = new DataView(table.buffer, table.byteOffset, table.byteLength);
  const record = view.getUint32(layout.HEADER_BYTES + layout.SECTION_RULES * 8, true);
  const at = surfaces.indexOf(surface);
  return [layout.RULE_VERDICTS_HIGH, layout.RULE_VERDICTS_LOW].map((offset) => view.getUint8(record + offset + at));
}

describe('a reload', () => {
  // The finished table of another configuration, into which a reload writes what has changed.
  const { table } = compile([rule], policyOf(`${modes.strict.text}response_scanning: { action: strip }\n`));
  const order: Verdict[] = ['allow', 'warn', 'strip', 'block'];

  test.each(rows)('changed to, and unchanged: $name', ({ surface, text, expected }) => {
    const changed = table.slice();
    setVerdicts(changed, [rule], policyOf(text));
    expect(verdictsIn(changed, surface)).toEqual(expected.map((verdict) => order.indexOf(verdict)));
    const unchanged = changed.slice();
    setVerdicts(unchanged, [rule], policyOf(text));
    expect(unchanged).toEqual(changed);
  });
});

/** Without websocket_proxy no message is too large, and binary ones pass; without session_profiling nothing is kept of clients. */
const unlimited = [
  'websocket-binary',
  'websocket-too-large',
  'domain-burst',
  'volume-spike',
  'client-level',
  'entropy-budget',
];

test.each(Object.entries(modes))('%s: what cannot be read', (_name, mode) => {
  const verdicts = Object.fromEntries(unreadables.map((name, i) => [name, policyOf(mode.text).unreadableVerdicts[i]]));
  for (const [name, verdict] of Object.entries(verdicts)) {
    const isAnswer = name.startsWith('response-') || name === 'mcp-answer';
    const read = !mode.blocks || (isAnswer && mode.low === 'warn') ? 'warn' : 'block';
    expect(verdict, name).toBe(unlimited.includes(name) ? 'allow' : read);
  }
});

test('an answer that is not read is never unreadable', () => {
  const policy = policyOf(`${modes.strict.text}response_scanning: { enabled: false }\n`);
  expect(unreadables.filter((_, i) => policy.unreadableVerdicts[i] === 'allow')).toEqual([
    'response-encoding',
    'response-too-large',
    'response-expansion',
    ...unlimited,
  ]);
});

test('max_response_bytes is the border between held and streamed', () => {
  expect(policyOf('mode: balanced\n').maxResponseBytes).toBe(5_242_880);
  expect(policyOf('tls_interception: { max_response_bytes: null }\n').maxResponseBytes).toBe(5_242_880);
  expect(policyOf('tls_interception: { max_response_bytes: 1000 }\n').maxResponseBytes).toBe(1000);
});

test('seed phrases are looked for unless seed_phrase_detection is off', () => {
  const seeds = readRules().filter(({ validator }) => validator === 'bip39');
  expect(seeds.map(({ id }) => id)).toEqual(['financial.wallet.seed-phrase']);
  const verdictsOf = (text: string) => {
    const { config } = readConfig(`mode: balanced\n${text}`, 'pipelock.yaml');
    return buildPolicy(config, seeds, options).ruleVerdicts.get(seeds[0]!.id)!.high;
  };
  for (const text of ['', 'seed_phrase_detection:\n', 'seed_phrase_detection: { enabled: true }\n'])
    expect(verdictsOf(text)).toEqual(surfaces.map(() => 'block'));
  expect(verdictsOf('seed_phrase_detection: { enabled: false }\n')).toEqual(surfaces.map(() => 'allow'));
});
