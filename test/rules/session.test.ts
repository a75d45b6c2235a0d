// Sessions of MCP bound to the tools that they were shown, through the real filter.wasm.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { toolNamed, Workers } from './mcp-client.ts';

const block = 'mcp_session_binding: { enabled: true, unknown_tool_action: block, no_baseline_action: block }\n';
const unknown = 'block session.unknown-tool';
const none = 'block session.no-baseline';

describe('a session that the server has given out', () => {
  test('calls what it was shown, by its exact name, whichever worker takes the call', () => {
    const workers = new Workers(block, 2);
    workers.initialize('s-1');
    expect(workers.call('read_file', { session: 's-1' })).toEqual([none]);
    expect(workers.list(['read_file', 'list files', 'läs'], { session: 's-1', worker: 1 }).rules).toEqual([]);
    for (const worker of [0, 1]) {
      for (const name of ['read_file', 'list files', 'läs'])
        expect(workers.call(name, { session: 's-1', worker, client: '10.9.9.9' }), name).toEqual([]);
      for (const name of ['Read_File', 'read_file ', 'readFile', 'write_file', ''])
        expect(workers.call(name, { session: 's-1', worker }), name).toEqual([unknown]);
    }
    expect(workers.call('l\u00e4s', { session: 's-1' })).toEqual([]);
  });

  test('is told of by an error of its own for the id of the call', () => {
    const workers = new Workers(block);
    workers.initialize('s-1');
    workers.list(['read_file'], { session: 's-1' });
    const call = workers.message('drop_table');
    const { local, lines } = workers.send(call, { session: 's-1' });
    expect(local).toMatchObject({ id: call.id, error: { code: -32006, data: { rule: 'session.unknown-tool' } } });
    expect(lines).toMatchObject([{ event: 'finding', surface: 'mcp-request', tool: 'drop_table' }]);
  });

  test('may call what any of its lists named: pages, and what came later', () => {
    const workers = new Workers(block);
    workers.initialize('s-1');
    workers.list(['one'], { session: 's-1' });
    workers.list(['two'], { session: 's-1' });
    for (const name of ['one', 'two']) expect(workers.call(name, { session: 's-1' })).toEqual([]);
  });

  test('an empty list is a list', () => {
    const workers = new Workers(block);
    workers.initialize('s-1');
    workers.list([], { session: 's-1' });
    expect(workers.call('one', { session: 's-1' })).toEqual([unknown]);
  });

  test('does not know what another one was shown', () => {
    const workers = new Workers(block);
    for (const session of ['s-1', 's-2']) workers.initialize(session);
    workers.list(['one'], { session: 's-1' });
    workers.list(['two'], { session: 's-2' });
    expect(workers.call('two', { session: 's-1' })).toEqual([unknown]);
    expect(workers.call('one', { session: 's-2' })).toEqual([unknown]);
  });

  test('each call of a batch counts, and each id is answered', () => {
    const workers = new Workers(block);
    workers.initialize('s-1');
    workers.list(['one'], { session: 's-1' });
    const batch = [workers.message('one'), workers.message('two'), { jsonrpc: '2.0', id: 'p', method: 'ping' }];
    const { local, rules } = workers.send(batch, { session: 's-1' });
    expect(rules).toEqual([unknown]);
    expect(local).toMatchObject(batch.map(({ id }) => ({ id, error: { code: -32006 } })));
    expect(workers.send([workers.message('one'), workers.message('one')], { session: 's-1' }).rules).toEqual([]);
  });

  test('a call without a name, with a number for one, or without an id is one of no tool', () => {
    const workers = new Workers(block);
    workers.initialize('s-1');
    workers.list(['one'], { session: 's-1' });
    for (const params of [{}, { name: 1 }, undefined, { name: 'x'.repeat(5000) }])
      expect(workers.send({ jsonrpc: '2.0', id: 1, method: 'tools/call', params }, { session: 's-1' }).rules).toEqual([
        unknown,
      ]);
    expect(
      workers.send({ jsonrpc: '2.0', method: 'tools/call', params: { name: 'two' } }, { session: 's-1' }).rules,
    ).toEqual([unknown]);
  });
});

describe('ids that no server has given out', () => {
  test('are none: the client is known by its address', () => {
    const workers = new Workers(block);
    workers.initialize('s-1', { client: '10.0.0.1' });
    workers.list(['one'], { session: 's-1' });
    for (const session of ['made-up', 'S-1', ' s-1', undefined])
      expect(workers.call('one', { session }), session).toEqual([none]);
    // A server without sessions answers whatever a client calls itself.
    workers.list(['two'], { session: 'made-up' });
    for (const session of ['made-up', 'another', undefined]) expect(workers.call('two', { session })).toEqual([]);
    // Others behind the address may have been shown more, so nobody is sure.
    expect(workers.call('one', { session: 'another' })).toEqual([unknown]);
    expect(workers.call('two', { client: '10.0.0.2' })).toEqual([none]);
  });

  test('an answer that repeats what the client made up gives out nothing', () => {
    const workers = new Workers(block);
    const list = { jsonrpc: '2.0', id: 1, result: { tools: [toolNamed('one')] } };
    workers.send({ jsonrpc: '2.0', id: 1, method: 'tools/list' }, { session: 'mine' }, { body: list, session: 'mine' });
    // From another address the made-up id is worth nothing.
    expect(workers.call('one', { session: 'mine', client: '10.0.0.2' })).toEqual([none]);
    expect(workers.call('one', { session: 'mine' })).toEqual([]);
  });

  test('a header that comes twice names none', () => {
    const workers = new Workers(block);
    workers.initialize('s-1');
    workers.list(['one'], { session: 's-1' });
    expect(workers.call('one', { session: 's-1' })).toEqual([]);
    expect(workers.call('one', { session: 's-1, s-1' })).toEqual([none]);
  });
});

describe('what the modes and the actions say', () => {
  const sections = (text: string) => `mcp_session_binding: { enabled: true }\n${text}`;
  const played = (config: string) => {
    const workers = new Workers(config);
    workers.initialize('s-1');
    const before = workers.call('one', { session: 's-1' });
    workers.list(['one'], { session: 's-1' });
    workers.list(['one'], {});
    return [...before, ...workers.call('two', { session: 's-1' }), ...workers.call('two')];
  };

  test.each([
    ['mode: balanced\n', ['warn session.no-baseline', unknown, 'warn session.unknown-tool']],
    [
      'tool_chain_detection: { enabled: true, action: block }\n',
      ['warn session.no-baseline', unknown, 'warn session.unknown-tool'],
    ],
    ['mode: strict\napi_allowlist: [a.example]\n', [none, unknown, unknown]],
    ['mode: audit\n', ['warn session.no-baseline', 'warn session.unknown-tool', 'warn session.unknown-tool']],
    ['enforce: false\n', ['warn session.no-baseline', 'warn session.unknown-tool', 'warn session.unknown-tool']],
  ])('%s', (mode, expected) => expect(played(sections(mode))).toEqual(expected));

  test('an action wins over the mode, but not over audit', () => {
    const warn = 'mcp_session_binding: { enabled: true, unknown_tool_action: warn, no_baseline_action: block }\n';
    expect(played(warn)).toEqual([none, 'warn session.unknown-tool', 'warn session.unknown-tool']);
    expect(played(`${block}mode: audit\n`).map((line) => line.slice(0, 4))).toEqual(['warn', 'warn', 'warn']);
  });

  test('where it is off nothing is remembered and nobody is asked', () => {
    const workers = new Workers('mode: strict\napi_allowlist: [a.example]\n');
    workers.initialize('s-1');
    workers.list(['one'], { session: 's-1' });
    expect(workers.call('two', { session: 's-1' })).toEqual([]);
    const { size, reads, writes } = workers.sharedData;
    expect({ size, reads, writes }).toEqual({ size: 0, reads: 0, writes: 0 });
  });

  test('a call costs one read and one write at most, and other messages nothing', () => {
    const workers = new Workers(`${block}tool_chain_detection: { enabled: true }\n`);
    workers.initialize('s-1');
    workers.list(['one', 'read_file'], { session: 's-1' });
    const cost = (messages: unknown) => {
      const { reads, writes } = workers.sharedData;
      workers.send(messages, { session: 's-1' }, { body: { jsonrpc: '2.0', id: 1, result: {} }, session: 's-1' });
      return [workers.sharedData.reads - reads, workers.sharedData.writes - writes];
    };
    expect(cost({ jsonrpc: '2.0', id: 1, method: 'ping' })).toEqual([0, 0]);
    expect(cost({ jsonrpc: '2.0', id: 1, method: 'tools/list' })).toEqual([0, 0]);
    expect(cost({ jsonrpc: '2.0', method: 'notifications/initialized' })).toEqual([0, 0]);
    expect(cost(workers.message('one'))).toEqual([1, 0]);
    expect(cost(workers.message('read_file'))).toEqual([1, 1]);
    expect(cost(Array.from({ length: 60 }, () => workers.message('read_file')))).toEqual([1, 1]);
    expect(cost(workers.message('two'))).toEqual([1, 0]);
  });
});

describe('tools that a list was stripped of', () => {
  const poisoned = { ...toolNamed('bad'), description: 'penstock-12345678' };
  const listed = (workers: Workers, tools: unknown[]) =>
    workers.send(
      { jsonrpc: '2.0', id: 1, method: 'tools/list' },
      { session: 's-1' },
      { body: { jsonrpc: '2.0', id: 1, result: { tools } } },
    );

  test('were not shown, and what was shown before is not any more', () => {
    const workers = new Workers(`${block}`);
    workers.initialize('s-1');
    listed(workers, [toolNamed('good'), poisoned]);
    expect(workers.call('good', { session: 's-1' })).toEqual([]);
    expect(workers.call('bad', { session: 's-1' })).toEqual([unknown]);
    listed(workers, [toolNamed('good'), toolNamed('bad')]);
    expect(workers.call('bad', { session: 's-1' })).toEqual([]);
    listed(workers, [toolNamed('good'), poisoned]);
    expect(workers.call('bad', { session: 's-1' })).toEqual([unknown]);
  });

  test('a list that is blocked shows nothing', () => {
    const workers = new Workers(`${block}mcp_tool_scanning: { action: block }\n`);
    workers.initialize('s-1');
    listed(workers, [toolNamed('good'), poisoned]);
    expect(workers.call('good', { session: 's-1' })).toEqual([none]);
    listed(workers, [toolNamed('good'), toolNamed('bad')]);
    listed(workers, [toolNamed('other'), poisoned]);
    expect(workers.call('good', { session: 's-1' })).toEqual([]);
    for (const name of ['bad', 'other']) expect(workers.call(name, { session: 's-1' }), name).toEqual([unknown]);
  });
});

test('of an IPv6 address on the Internet the network counts, of any other the whole', () => {
  const workers = new Workers(block);
  const known = (client: string) => workers.call('one', { client }).length === 0;
  workers.list(['one'], { client: '2001:db8:0:1::5' });
  workers.list(['one'], { client: 'fd00::5' });
  for (const client of ['2001:db8:0:1::5', '2001:db8:0:1:ffff::', '2001:db8::1:0:0:0:9', 'fd00::5'])
    expect(known(client), client).toBe(true);
  for (const client of ['2001:db8:0:2::5', '2001:db8::5', 'fd00::6', '32.1.13.184', '::'])
    expect(known(client), client).toBe(false);
});

test('what is remembered is what a simple model remembers, through any calls of many sessions', {
  timeout: 60_000,
}, () => {
  const tools = ['get_secret', 'http_post', 'ls', 'ping'];
  const step = fc.record({
    session: fc.integer({ min: 0, max: 40 }),
    worker: fc.integer({ min: 0, max: 1 }),
    act: fc.oneof(
      fc.record({ list: fc.subarray(tools) }),
      fc.record({ call: fc.constantFrom(...tools) }),
      fc.record({ call: fc.constantFrom(...tools) }),
    ),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
      const workers = new Workers(
        'mcp_session_binding: { enabled: true }\ntool_chain_detection: { enabled: true, max_gap: 1, window_size: 4 }\n',
        2,
      );
      const shown = new Map<number, Set<string>>();
      const called = new Map<number, string[]>();
      for (const { session, worker, act } of steps) {
        const by = { session: `s-${session}`, worker };
        if (!called.has(session)) workers.initialize(by.session);
        const before = called.get(session) ?? [];
        called.set(session, before);
        if ('list' in act) {
          workers.list(act.list, by);
          shown.set(session, new Set([...(shown.get(session) ?? []), ...act.list]));
          continue;
        }
        const expected: string[] = [];
        if (!shown.has(session)) expected.push('warn session.no-baseline');
        else if (!shown.get(session)!.has(act.call)) expected.push('block session.unknown-tool');
        if (act.call === 'http_post' && before.slice(-2).includes('get_secret'))
          expected.push('warn chain.env-then-network');
        expect(workers.call(act.call, by)).toEqual(expected);
        if (act.call !== 'ping' && !expected.includes('block session.unknown-tool')) before.push(act.call);
      }
    }),
    { numRuns: 60 },
  );
});

test('of more tools than there is room for, what is not among the first is not sure', () => {
  const workers = new Workers('mcp_session_binding: { enabled: true }\n');
  workers.initialize('s-1');
  const names = Array.from({ length: 600 }, (_, i) => `tool_${i}`);
  workers.list(names, { session: 's-1' });
  expect(workers.call('tool_511', { session: 's-1' })).toEqual([]);
  expect(workers.call('tool_512', { session: 's-1' })).toEqual(['warn session.unknown-tool']);
});

test('10,000 sessions at once are all known, in bounded memory; a flood of more grows nothing', {
  timeout: 120_000,
}, () => {
  const workers = new Workers(`${block}tool_chain_detection: { enabled: true }\n`, 2);
  const names = Array.from({ length: 30 }, (_, i) => `get_${i}`);
  for (let i = 0; i < 10_000; i++) {
    workers.initialize(`s-${i}`, { worker: i & 1 });
    workers.list(names, { session: `s-${i}`, worker: i & 1 });
  }
  const memory = workers.hosts.map(({ memoryBytes }) => memoryBytes);
  let findings = 0;
  for (let i = 0; i < 10_000; i++)
    findings += workers.call(`get_${i % 30}`, { session: `s-${i}`, worker: (i + 1) & 1 }).length;
  expect(findings).toBe(0);
  const { size, bytes } = workers.sharedData;
  expect(size).toBeLessThanOrEqual(4097);
  expect(bytes).toBeLessThan(4 * 2 ** 20);
  for (let i = 0; i < 6_000; i++) {
    workers.call('get_1', { session: `made-up-${i}`, client: `10.1.${i >> 8}.${i & 255}` });
    workers.initialize(`more-${i}`);
  }
  expect(workers.sharedData.size).toBeLessThanOrEqual(4097);
  expect(workers.sharedData.bytes).toBeLessThan(32 * 2 ** 20);
  expect(workers.hosts.map(({ memoryBytes }) => memoryBytes)).toEqual(memory);
});
