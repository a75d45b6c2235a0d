import { Workers } from '../rules/mcp-client.ts';
import { atMost, figure, type Part, type Report } from './report.ts';

const sessions = 10_000;
const calls = 1_000_000;
const warmCalls = 200_000;
const callsPerSecond = 1_000;
/** Two in five are of no category, as in an ordinary conversation; none of the rest end a sequence. */
const names = ['get_balance', 'add', 'get_holdings', 'convert', 'get_rate'];
const floodSessions = 24_000;
/** Buckets of 8 KiB each (filter/action/sessions.ts), and their keys. */
const mostMib = 32.1;
const listed = Array.from({ length: 100 }, (_, i) => names[i] ?? `tool_${i}`);

export const sessionsPart: Part = {
  name: 'sessions',
  about: 'what MCP sessions and their calls leave in memory',
  needsIsolation: false,
  async run(): Promise<Report[]> {
    const workers = new Workers('mcp_session_binding: { enabled: true }\ntool_chain_detection: { enabled: true }\n', 2);
    for (let i = 0; i < sessions; i++) {
      workers.initialize(`session-${i}`, { worker: i & 1 });
      workers.list(listed, { session: `session-${i}`, worker: i & 1 });
    }
    const now = () => ({
      shared: workers.sharedData.bytes,
      keys: workers.sharedData.size,
      linear: workers.hosts.reduce((sum, { memoryBytes }) => sum + memoryBytes, 0),
    });
    let findings = 0;
    const play = (from: number, to: number) => {
      for (let i = from; i < to; i++) {
        if (i % callsPerSecond === 0) workers.seconds++;
        const by = { session: `session-${(i * 7) % sessions}`, worker: i & 1 };
        findings += workers.call(names[i % names.length]!, by).length;
      }
    };
    play(0, warmCalls);
    const warm = now();
    const start = performance.now();
    play(warmCalls, calls);
    const microseconds = ((performance.now() - start) * 1000) / (calls - warmCalls);
    const end = now();
    const flood = Array.from({ length: 512 }, (_, i) => `other_${i}`);
    for (let i = 0; i < floodSessions; i++) {
      workers.initialize(`flood-${i}`);
      workers.list(flood, { session: `flood-${i}` });
    }
    const flooded = now();
    const mib = (bytes: number) => figure(bytes / 2 ** 20, 2);
    return [
      {
        title: `sessions: ${figure(sessions, 0)} of them with ${listed.length} tools, ${figure(calls, 0)} calls by two workers in the host emulator`,
        columns: ['', `after ${figure(warmCalls, 0)}`, 'at the end'],
        rows: [
          {
            cells: ['keys of shared data', figure(warm.keys, 0), figure(end.keys, 0)],
            bar: atMost(end.keys, 4097, 'keys'),
          },
          {
            cells: ['shared data, MiB', mib(warm.shared), mib(end.shared)],
            bar: atMost(end.shared / 2 ** 20, 8, 'MiB'),
          },
          {
            cells: ['linear memory of both, MiB', mib(warm.linear), mib(end.linear)],
            bar: atMost(end.linear / 2 ** 20, warm.linear / 2 ** 20, 'MiB'),
          },
          { cells: ['calls that were not known', '', figure(findings, 0)], bar: atMost(findings, 0, 'findings') },
          { cells: ['a call in the emulator, µs', '', figure(microseconds, 0)] },
        ],
      },
      {
        title: `sessions: ${figure(floodSessions, 0)} more with 512 tools each, which is more than there is room for`,
        columns: ['', 'at the end'],
        rows: [
          { cells: ['keys of shared data', figure(flooded.keys, 0)], bar: atMost(flooded.keys, 4097, 'keys') },
          { cells: ['shared data, MiB', mib(flooded.shared)], bar: atMost(flooded.shared / 2 ** 20, mostMib, 'MiB') },
        ],
      },
    ];
  },
};
