// Sequences of calls of MCP tools, through the real filter.wasm.
import { describe, expect, test } from 'vitest';
import { configSchema } from '../../control/config/schema.ts';
import { checkToolChains } from '../../control/rules/check-tool-chains.ts';
import { ownChainNames } from '../../control/rules/tool-chain.ts';
import { Workers } from './mcp-client.ts';

const on = (text = '') => `tool_chain_detection: { enabled: true, action: block${text === '' ? '' : `, ${text}`} }\n`;
/** The rules of each call of a session that the server has given out. */
const played = (workers: Workers, names: string[]): string[][] => {
  workers.initialize('s-1');
  return names.map((name, i) => workers.call(name, { session: 's-1', worker: i % workers.hosts.length }));
};
const last = (config: string, ...names: string[]) => played(new Workers(config), names).at(-1);

describe('categories by whole words, in any case style', () => {
  // Four commands in a row are `shell-burst`, so four calls of a tool say whether it runs commands; and so on.
  const custom =
    'custom_patterns: [' +
    ['exec', 'persist', 'env', 'network', 'write', 'read', 'list']
      .map((category) => `{ name: is ${category}, sequence: [${category}, ${category}] }`)
      .join(', ') +
    ']';
  const categoryOf = (name: string) =>
    played(new Workers(on(custom)), [name, name])
      .at(-1)!
      .map((rule) => /chain\.is-(\w+)/.exec(rule)?.[1])
      .find((category) => category !== undefined);

  test.each([
    [
      'exec',
      'bash',
      'run_command',
      'runCommand',
      'RunCommand',
      'run-command',
      'RUN_COMMAND',
      'shell.exec',
      'mcp__desktop__execute_command',
      'execute',
      'python_exec',
      'Terminal',
      'run2command exec',
    ],
    ['persist', 'crontab_edit', 'addCronJob cron', 'systemctl', 'createScheduledTask'],
    [
      'env',
      'getenv',
      'get_env',
      'readSecret',
      'list-credentials',
      'getApiKey',
      'read_environment_variables',
      'get_config',
    ],
    [
      'network',
      'fetch',
      'httpGet',
      'HTTPRequest',
      'send_email',
      'sendEmail',
      'slack.post_message',
      'web_fetch',
      'uploadFile',
      'curl',
      'call_api',
      'openUrl',
    ],
    ['write', 'write_file', 'writeFile', 'create-issue', 'fs/edit', 'str_replace', 'github__updateIssue'],
    ['read', 'read_file', 'readFile', 'ReadFile', 'read-file', 'files.readFile', 'fs:read', 'get_balance', 'view'],
    ['list', 'ls', 'list_directory', 'listFiles', 'searchFiles', 'glob', 'directory_tree'],
  ])('%s', (category, ...names) => {
    for (const name of names) expect(categoryOf(name), name).toBe(category);
  });

  test.each([
    'readiness',
    'thread',
    'bashful',
    'executive',
    'listen',
    'envelope',
    'widget',
    'list_accounts',
    'search_family_files',
    'add',
    '',
  ])('%s is of none', (name) => expect(categoryOf(name)).toBe(undefined));

  test('the words of a server count only where those of the tool say nothing', () => {
    expect(categoryOf('shell__read_file')).toBe('read');
    expect(categoryOf('shell__do_it')).toBe('exec');
  });
});

test('each of our sequences is met by such calls, and blocks where the action says so', () => {
  const tool: Record<string, string> = {
    ...{ read: 'readFile', write: 'write-file', exec: 'run_command', network: 'http.post', env: 'getSecret' },
    ...{ persist: 'crontab', list: 'list_directory' },
  };
  const sequences: Record<string, string[]> = {
    'read-then-exec': ['read', 'exec'],
    'read-write-send': ['read', 'write', 'network'],
    'env-then-network': ['env', 'network'],
    'directory-scan': ['list', 'list', 'read'],
    'write-execute': ['write', 'exec'],
    'write-chmod-execute': ['write', 'exec', 'exec'],
    'read-sensitive-write': ['env', 'write'],
    'shell-burst': ['exec', 'exec', 'exec', 'exec'],
    'write-persist': ['write', 'persist'],
    'persist-callback': ['persist', 'network'],
  };
  expect(Object.keys(sequences)).toEqual(ownChainNames);
  for (const [name, sequence] of Object.entries(sequences)) {
    // The others warn, so that calls on the way are not blocked.
    const warned = ownChainNames.filter((other) => other !== name).map((other) => `${other}: warn`);
    const workers = new Workers(on(`pattern_overrides: { ${warned.join(', ')} }`), 2);
    const rules = played(
      workers,
      sequence.map((category) => tool[category]!),
    );
    expect(rules.at(-1), name).toContain(`block chain.${name}`);
    expect(rules.slice(0, -1).flat().join(), name).not.toContain('block');
  }
});

test('the answer is an error of its own for the id of the call, and the line names rule and tool', () => {
  const workers = new Workers(on());
  workers.initialize('s-1');
  workers.call('getSecret', { session: 's-1' });
  const call = workers.message('http_post');
  const { local, lines } = workers.send(call, { session: 's-1' });
  expect(local).toMatchObject({ id: call.id, error: { code: -32007, data: { rule: 'chain.env-then-network' } } });
  expect(lines).toMatchObject([{ event: 'finding', verdict: 'block', surface: 'mcp-request', tool: 'http_post' }]);
});

describe('which calls are looked at together', () => {
  const found = ['block chain.env-then-network'];
  const env = 'get_secret';
  const send = 'http_post';

  test('up to max_gap others between two', () => {
    const noise = (count: number) => Array.from({ length: count }, () => 'ls');
    expect(last(on(), env, ...noise(3), send)).toEqual(found);
    expect(last(on(), env, ...noise(4), send)).toEqual([]);
    expect(last(on('max_gap: 0'), env, send)).toEqual(found);
    expect(last(on('max_gap: 0'), env, 'ls', send)).toEqual([]);
    expect(last(on('max_gap: 9'), env, ...noise(9), send)).toEqual(found);
  });

  test('what is of no category is no gap: nobody pads a sequence with calls that do nothing', () => {
    expect(last(on(), env, ...Array(50).fill('ping'), send)).toEqual(found);
  });

  test('the gap is taken from the nearest call that fits, and any that fits will do', () => {
    expect(last(on('max_gap: 1'), env, 'ls', env, 'ls', send)).toEqual(found);
    expect(last(on('max_gap: 1'), 'readFile', 'ls', 'writeFile', 'ls', 'ls', 'writeFile', send)).toEqual([]);
    expect(last(on('max_gap: 2'), 'readFile', 'ls', 'writeFile', 'ls', 'ls', 'ls', send)).toEqual([]);
    expect(last(on('max_gap: 2'), 'readFile', 'ls', 'writeFile', 'ls', 'ls', send)).toEqual([
      'block chain.read-write-send',
    ]);
  });

  test('window_size counts the call itself', () => {
    expect(last(on('window_size: 3, max_gap: 9'), env, 'ls', send)).toEqual(found);
    expect(last(on('window_size: 2, max_gap: 9'), env, 'ls', send)).toEqual([]);
    expect(last(on('window_size: 1, max_gap: 9'), env, send)).toEqual([]);
    expect(last(on('window_size: 256, max_gap: 254'), env, ...Array(254).fill('ls'), send)).toEqual(found);
  });

  test('window_seconds', () => {
    for (const [seconds, expected] of [
      [60, found],
      [61, []],
    ] as const) {
      const workers = new Workers(on());
      workers.initialize('s-1');
      workers.call(env, { session: 's-1' });
      workers.seconds += seconds;
      expect(workers.call(send, { session: 's-1' })).toEqual(expected);
    }
  });

  test('a worker whose clock is a second behind forgets nothing', () => {
    const workers = new Workers(on());
    workers.initialize('s-1');
    workers.call(env, { session: 's-1' });
    workers.seconds -= 1;
    expect(workers.call(send, { session: 's-1' })).toEqual(found);
  });

  test('what is blocked has not happened, and is blocked again', () => {
    const workers = new Workers(on());
    workers.initialize('s-1');
    workers.call(env, { session: 's-1' });
    for (let i = 0; i < 10; i++) expect(workers.call(send, { session: 's-1' })).toEqual(found);
    expect(workers.call('crontab', { session: 's-1' })).toEqual([]);
    // Blocked calls were no persist, and no network.
    expect(workers.call('read_file', { session: 's-1' })).toEqual([]);
  });

  test('what anything else blocks has not happened either', () => {
    const workers = new Workers(`${on()}`);
    workers.initialize('s-1');
    const secret = { ...workers.message(env), params: { name: env, arguments: { a: 'penstock-12345678' } } };
    expect(workers.send(secret, { session: 's-1' }).rules).toEqual(['block financial.test.pattern']);
    expect(workers.call(send, { session: 's-1' })).toEqual([]);
  });
});

describe('whose calls are looked at together', () => {
  test('those of a session, whichever address they come from; those of others not', () => {
    const workers = new Workers(on());
    for (const session of ['s-1', 's-2']) workers.initialize(session);
    workers.call('get_secret', { session: 's-1' });
    expect(workers.call('http_post', { session: 's-2' })).toEqual([]);
    expect(workers.call('http_post', { session: 's-1', client: '10.0.0.9' })).toEqual(['block chain.env-then-network']);
  });

  test('a client that calls itself something new each time is known by its address', () => {
    const workers = new Workers(on(), 2);
    workers.call('get_secret', { session: 'a' });
    expect(workers.call('http_post', { session: 'b', worker: 1 })).toEqual(['block chain.env-then-network']);
    expect(workers.call('http_post')).toEqual(['block chain.env-then-network']);
    expect(workers.call('http_post', { client: '10.0.0.2' })).toEqual([]);
  });

  test('a batch is walked call by call, and blocked as one', () => {
    const workers = new Workers(on());
    workers.initialize('s-1');
    const batch = [workers.message('get_secret'), workers.message('ls'), workers.message('http_post')];
    const { local, rules } = workers.send(batch, { session: 's-1' });
    expect(rules).toEqual(['block chain.env-then-network']);
    expect(local).toMatchObject(batch.map(({ id }) => ({ id, error: { code: -32007 } })));
    // None of it was called.
    expect(workers.call('http_post', { session: 's-1' })).toEqual([]);
    // Across batches.
    workers.send([workers.message('ls'), workers.message('get_secret')], { session: 's-1' });
    expect(workers.send([workers.message('http_post')], { session: 's-1' }).rules).toEqual([
      'block chain.env-then-network',
    ]);
  });

  test('a method in other letters is a call', () => {
    const workers = new Workers(on());
    const raw = JSON.stringify(workers.message('get_secret')).replace('tools/call', 'tools\\/call');
    expect(workers.sendText(raw).rules).toEqual([]);
    expect(workers.sendText(raw.replace('get_secret', 'http_post')).rules).toEqual(['block chain.env-then-network']);
  });
});

describe('what the operator says', () => {
  const words = (verdict: string) => [`${verdict} chain.env-then-network`];

  test.each([
    ['mode: balanced\ntool_chain_detection: { enabled: true }\n', words('warn')],
    ['mode: strict\napi_allowlist: [a.example]\ntool_chain_detection: { enabled: true }\n', words('block')],
    [
      'mode: strict\napi_allowlist: [a.example]\ntool_chain_detection: { enabled: true, action: warn }\n',
      words('warn'),
    ],
    [`mode: audit\n${on()}`, words('warn')],
    [`enforce: false\n${on()}`, words('warn')],
    [on('pattern_overrides: { env-then-network: warn }'), words('warn')],
    ['tool_chain_detection: { enabled: true, pattern_overrides: { env-then-network: block } }\n', words('block')],
    ['tool_chain_detection: { enabled: false, action: block }\n', []],
  ])('%s', (config, expected) => expect(last(config, 'get_secret', 'http_post')).toEqual(expected));

  test('tools by name, in any case, with * and ?; what it says counts alone', () => {
    const config = on(
      'tool_categories: { network: ["slack_*", "x?"], pay: [Transfer*, "*__wire"] }, custom_patterns: [{ name: Paid after reading, sequence: [read, pay] }]',
    );
    for (const name of ['slack_say', 'SLACK_SAY', 'slackSay', 'chat.slack_get', 'x1'])
      expect(last(config, 'get_secret', name), name).toEqual(words('block'));
    for (const name of ['my_slack_say', 'x', 'x12']) expect(last(config, 'get_secret', name), name).toEqual([]);
    for (const name of ['transferMoney', 'bank__wire'])
      expect(last(config, 'read_file', name), name).toEqual(['block chain.paid-after-reading']);
    // No network for the gateway any more.
    expect(last(on('tool_categories: { harmless: [http_post] }'), 'get_secret', 'http_post')).toEqual([]);
  });

  test('sequences of its own: severity says what balanced mode does, action wins', () => {
    const config = (text: string) =>
      `tool_chain_detection: { enabled: true, custom_patterns: [{ name: mine, sequence: [list, network]${text} }] }\n`;
    expect(last(config(''), 'ls', 'fetch')).toEqual(['block chain.mine']);
    expect(last(config(', severity: critical'), 'ls', 'fetch')).toEqual(['block chain.mine']);
    expect(last(config(', severity: medium'), 'ls', 'fetch')).toEqual(['warn chain.mine']);
    expect(last(config(', severity: medium, action: block'), 'ls', 'fetch')).toEqual(['block chain.mine']);
  });

  test('other categories make the calls before them worth nothing', () => {
    const workers = new Workers(on());
    workers.call('get_secret');
    workers.configure(on('tool_categories: { more: [x] }'));
    expect(workers.call('http_post')).toEqual([]);
    workers.call('get_secret');
    workers.configure(on('tool_categories: { more: [x] }, max_gap: 2'));
    expect(workers.call('http_post')).toEqual(words('block'));
  });
});

test('what is wrong between names is said, all of it at once', () => {
  const section = {
    enabled: true,
    tool_categories: { net: ['a[bc]', ''] },
    pattern_overrides: { 'read-then-exce': 'block', mine: 'warn' },
    custom_patterns: [
      { name: 'Shell burst', sequence: ['reed', 'net'] },
      { name: 'mine', sequence: ['zzzzzzzzz', 'exec'] },
      { name: 'Mine!', sequence: Array(17).fill('read') },
      { name: '…', sequence: ['read', 'exec'] },
    ],
  };
  const said = checkToolChains(configSchema.parse({ tool_chain_detection: section }));
  expect(
    said.map(({ path, code, message, remedy }) => `${path.slice(1).join('.')} ${code}: ${message}; ${remedy}`),
  ).toEqual([
    'tool_categories.net.0 not-allowed: only * and ? stand for other characters here; write a name such as slack_*, and one entry for each',
    'tool_categories.net.1 not-allowed: the empty text is no name of a tool; write a name such as slack_*, and one entry for each',
    'pattern_overrides.read-then-exce unknown-key: no pattern has this name; did you mean read-then-exec?',
    'custom_patterns.0.name duplicate-name: chain.shell-burst is a rule of ours; give it another name, or set what ours does in pattern_overrides',
    'custom_patterns.0.sequence.0 not-allowed: "reed" is not a category; did you mean read?',
    'custom_patterns.1.sequence.0 not-allowed: "zzzzzzzzz" is not a category; write one of exec, persist, env, network, write, read, list, net, or name its tools in tool_categories',
    'custom_patterns.2.name duplicate-name: custom_patterns[1] has this name too, as chain.mine; give it another',
    'custom_patterns.2.sequence out-of-range: 17 steps; keep to 16',
    'custom_patterns.3.name not-allowed: no ASCII letter and no digit; write some',
  ]);
  const many = Object.fromEntries(Array.from({ length: 26 }, (_, i) => [`more_${i}`, ['x']]));
  expect(
    checkToolChains(configSchema.parse({ tool_chain_detection: { tool_categories: many } })).map(({ path }) =>
      path.at(-1),
    ),
  ).toEqual(['more_25']);
});

test('many calls in one session grow nothing', { timeout: 60_000 }, () => {
  const workers = new Workers(on('window_size: 256'), 2);
  workers.initialize('s-1');
  const play = (count: number) => {
    for (let i = 0; i < count; i++) workers.call(i % 3 === 0 ? 'ls' : 'unknown', { session: 's-1', worker: i & 1 });
    return { bytes: workers.sharedData.bytes, memory: workers.hosts.map(({ memoryBytes }) => memoryBytes) };
  };
  const before = play(2_000);
  expect(play(10_000)).toEqual(before);
});
