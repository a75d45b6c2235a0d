/**
 * Handlers over a Unix socket of the worker's, to which no route of Envoy's leads: the filter has a call of a tool that policy
 * redirects answered (filter/action/redirect.ts).
 *
 *   POST /call    the call's params, X-Penstock-Rule names the rule, X-Penstock-Request the exchange → the result; else no
 *                 handler has answered, and the call is blocked
 */
import { createServer, type IncomingMessage } from 'node:http';
import type { LineLog } from '../certs/log.ts';
import { listenOnSocket } from '../certs/socket.ts';
import { type Handler, handlerLimitMs, mostBytes, runHandler } from '../redirect/handler.ts';
import { resultOf } from '../redirect/result.ts';
import { Turns } from '../redirect/turns.ts';
import { guardChild } from './child.ts';
import { answer, type InUse, textOf } from './pages.ts';

/** A pod has 256 MiB: that many programs at once, and that many calls of `mostBytes` that wait. */
const mostAtOnce = 4;
const mostWaiting = 16;

/** What became of redirected calls, by profile. */
export type HandlerCounts = Map<string, { answered: number; failed: number }>;

/** Serves for the life of the process. @throws SocketError */
export async function serveHandlers(inUse: InUse, log: LineLog): Promise<void> {
  const turns = new Turns(mostAtOnce, mostWaiting);
  const counts: HandlerCounts = new Map();
  inUse.handlerCounts = counts;
  const server = createServer((request, response) => {
    const [rule, id] = [header(request, 'x-penstock-rule'), header(request, 'x-penstock-request')];
    const handler = Object.hasOwn(inUse.plan.handlers, rule) ? inUse.plan.handlers[rule] : undefined;
    if (request.method !== 'POST' || request.url !== '/call' || !handler) {
      return answer(response, 404, 'text/plain', 'not found\n');
    }
    callHandler(handler, rule, id, request, turns).then((outcome) => {
      const count = counts.get(handler.profile) ?? { answered: 0, failed: 0 };
      counts.set(handler.profile, count);
      if ('result' in outcome) {
        count.answered++;
        return answer(response, 200, 'application/json', outcome.result);
      }
      count.failed++;
      log.error(`redirect: ${handler.profile}: ${outcome.failure}; request ${id} of ${rule} is blocked`);
      return answer(response, 502, 'text/plain', `${outcome.failure}\n`);
    });
  });
  await listenOnSocket(server, inUse.plan.runtime.handlerSocket);
}

async function callHandler(
  handler: Handler,
  rule: string,
  request: string,
  body: IncomingMessage,
  turns: Turns,
): Promise<{ result: string } | { failure: string }> {
  const deadline = performance.now() + handlerLimitMs;
  // It is too long, or breaks off.
  const params = await textOf(body, mostBytes).catch(() => undefined);
  if (params === undefined) return { failure: `a call of over ${mostBytes} bytes` };
  const { profile, reason } = handler;
  // The call goes on as it was written: what is parsed and written again has other numbers.
  const input = `${JSON.stringify({ profile, reason, rule, request }).slice(0, -1)},"params":${params}}\n`;
  const outcome = await turns.take(async () => {
    const limitMs = Math.ceil(deadline - performance.now());
    if (limitMs <= 0) return { failure: `no turn within ${handlerLimitMs} ms` };
    return runHandler({ handler, input, limitMs, guard: guardChild });
  });
  if (!outcome) return { failure: `${mostAtOnce} handlers run and ${mostWaiting} calls wait` };
  if ('failure' in outcome) return outcome;
  const result = resultOf(outcome.output);
  return result === undefined ? { failure: 'what it wrote is no result' } : { result };
}

function header(request: IncomingMessage, name: string): string {
  return String(request.headers[name] ?? '');
}
