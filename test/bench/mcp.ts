/** MCP on 8889: what reading calls and lists of tools costs through Envoy. What sessions leave behind: sessions.ts. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { Gateway } from '../harness/gateway.ts';
import type { Endpoint } from '../harness/tunnel.ts';
import { within } from '../harness/wait.ts';
import { type BareEnvoy, startBare } from './bare-envoy.ts';
import { median, quantile } from './figures.ts';
import type { Done, Job } from './load-client.ts';
import { callTool, listTools, openSession, toolCount } from './mcp-requests.ts';
import { processorSeconds } from './process-cost.ts';
import { atLeast, atMost, figure, type Part, type Report } from './report.ts';

/** Least part of the bare Envoy's requests per second that is left for calls of 2 KB. */
const ratioBar = 0.85;
const callBytes = 2_000;
const rounds = 7;
const seconds = 1.2;
const connections = 16;
/** Calls a second at which the bar of latency is set, and what the filter may add to them at the 99th percentile. */
const callRate = 500;
const callAddedBarMs = 1;
/** A client lists tools once in a while. */
const listRate = 20;
const listAddedBarMs = 10;
const latencyConnections = 8;
const latencyRounds = 4;

/** The one that throughput and latency are measured in. */
const session = 'bench';
/** Past it a job has hung. */
const jobMillis = 60_000;

const configuration = stringify({
  mode: 'balanced',
  mcp_tool_policy: { enabled: true },
  mcp_session_binding: { enabled: true },
  tool_chain_detection: { enabled: true },
  logging: { include_allowed: false },
});

interface Side {
  name: 'filter' | 'bare';
  at: Endpoint;
  pid: number;
}

export const mcp: Part = {
  name: 'mcp',
  about: 'calls and lists of tools on 8889 with the filter and without',
  needsIsolation: true,
  async run(): Promise<Report[]> {
    const origin = fork(join(import.meta.dirname, 'mcp-origin.ts'));
    const client = fork(join(import.meta.dirname, 'load-client.ts'));
    let gateway: Gateway | undefined;
    let bare: BareEnvoy | undefined;
    try {
      const [{ port }] = (await within('the MCP server', once(origin, 'message'))) as [{ port: number }];
      const mcpUpstream = `http://127.0.0.1:${port}/mcp`;
      // One worker, so that Envoy and not the generator is what limits.
      gateway = await Gateway.start({ configuration, mcpUpstream, more: ['--concurrency', '1'] });
      bare = await startBare(gateway);
      const sides: Side[] = [
        { name: 'filter', at: gateway.mcp, pid: gateway.envoyPid()! },
        { name: 'bare', at: bare.mcp, pid: bare.pid },
      ];
      // A call of a session that has listed no tools would be a finding each time.
      for (const request of [openSession(session), listTools(session)])
        await run(client, { kind: 'posts', ...to(gateway.mcp), connections: 1, count: 1, requests: [request] });
      const throughput = await throughputReport(client, sides);
      return [throughput, await latencyReport(client, sides)];
    } finally {
      bare?.stop();
      await gateway?.stop();
      for (const child of [origin, client]) if (child.connected) child.disconnect();
    }
  },
};

async function run(client: ChildProcess, job: Job): Promise<Done> {
  const answered = once(client, 'message');
  client.send(job);
  const [done] = (await within(`the job ${job.kind}`, answered, jobMillis)) as [Done];
  if (done.failures > 0) throw new Error(`mcp: ${done.failures} connections failed: ${done.firstFailure}`);
  return done;
}

/** What the jobs have in common; `bodyBytes` says nothing where whole requests are given. */
function to(at: Endpoint): { way: { origin: Endpoint }; host: string; bodyBytes: number } {
  return { way: { origin: at }, host: 'gateway', bodyBytes: 0 };
}

async function throughputReport(client: ChildProcess, sides: Side[]): Promise<Report> {
  const requests = [callTool(1, callBytes, session)];
  const perSecond = { filter: [] as number[], bare: [] as number[] };
  const cpuMicros = { filter: [] as number[], bare: [] as number[] };
  for (let round = -1; round < rounds; round++) {
    for (const { name, at, pid } of round % 2 === 0 ? sides : sides.toReversed()) {
      const before = processorSeconds(pid);
      const done = await run(client, { kind: 'load', ...to(at), connections, seconds, requests });
      if (round < 0) continue;
      perSecond[name].push(done.requests / done.seconds);
      cpuMicros[name].push(((processorSeconds(pid) - before) / done.requests) * 1e6);
    }
  }
  const ratios = perSecond.filter.map((one, round) => one / perSecond.bare[round]!);
  const ratio = median(ratios);
  return {
    title: `mcp: tools/call, ${connections} connections kept alive, Envoy with one worker, ${rounds} interleaved rounds`,
    columns: ['request', 'req/s', 'filter off', 'ratio', 'range', 'CPU us/req', 'filter off'],
    rows: [
      {
        cells: [
          `call of ${callBytes / 1000} KB`,
          figure(median(perSecond.filter), 0),
          figure(median(perSecond.bare), 0),
          figure(ratio, 3),
          `${figure(Math.min(...ratios), 2)}-${figure(Math.max(...ratios), 2)}`,
          figure(median(cpuMicros.filter), 0),
          figure(median(cpuMicros.bare), 0),
        ],
        bar: atLeast(ratio, ratioBar),
      },
    ],
  };
}

async function latencyReport(client: ChildProcess, sides: Side[]): Promise<Report> {
  const measure = async (what: string, request: string, rate: number, bound: number) => {
    const millis = { filter: [] as number[], bare: [] as number[] };
    for (let round = 0; round < latencyRounds; round++) {
      for (const { name, at } of round % 2 === 0 ? sides : sides.toReversed()) {
        const job = { kind: 'load', ...to(at), connections: latencyConnections, seconds, rate } as const;
        millis[name].push(...(await run(client, { ...job, requests: [request] })).millis);
      }
    }
    const at = (name: keyof typeof millis, fraction: number) => quantile(millis[name], fraction);
    const added = at('filter', 0.99) - at('bare', 0.99);
    const figures = [at('filter', 0.5), at('filter', 0.99), at('bare', 0.5), at('bare', 0.99), added];
    return { cells: [what, ...figures.map((one) => figure(one, 2))], bar: atMost(added, bound, 'ms') };
  };
  return {
    title: 'mcp: latency in ms at a modest rate',
    columns: ['request', 'p50', 'p99', 'off p50', 'off p99', 'filter adds p99'],
    rows: [
      await measure(`call of 2 KB, ${callRate} a second`, callTool(1, callBytes, session), callRate, callAddedBarMs),
      await measure(`list of ${toolCount} tools, ${listRate} a second`, listTools(session), listRate, listAddedBarMs),
    ],
    notes: ['a list waits for the worker, which holds each tool against its pin'],
  };
}
