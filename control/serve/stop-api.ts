/** The kill switch's API on a listener of its own, as Pipelock has it: POST /api/v1/killswitch, GET /api/v1/killswitch/status. */
import { createHash, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { answer, type InUse, listening } from './pages.ts';

/** Guesses are worth nothing at this rate. */
const mostPerMinute = 10;
const mostBodyBytes = 1_024;

/** Serves the API where the plan has one, for the life of the process. */
export async function serveStopApi(inUse: InUse, set: (isOn: boolean) => void): Promise<void> {
  const { stop } = inUse.plan;
  if (!stop?.api) return;
  const { listen, token } = stop.api;
  let asked: number[] = [];
  const tell = (response: ServerResponse, status: number, body: object) =>
    answer(response, status, 'application/json', `${JSON.stringify(body)}\n`);
  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    asked = asked.filter((time) => time > performance.now() - 60_000);
    if (asked.length >= mostPerMinute) return tell(response, 429, { error: 'too many requests; wait a minute' });
    asked.push(performance.now());
    if (!isBearer(request.headers.authorization, token))
      return tell(response, 401, { error: 'give the token as Bearer' });
    const path = request.url?.split('?', 1)[0];
    if (request.method === 'GET' && path === '/api/v1/killswitch/status') {
      return tell(response, 200, { active: inUse.stoppedBy.length > 0, sources: inUse.stoppedBy });
    }
    if (request.method !== 'POST' || path !== '/api/v1/killswitch') return tell(response, 404, { error: 'not found' });
    const active = activeOf(await readBody(request));
    if (active === undefined) return tell(response, 400, { error: 'write {"active": true} or {"active": false}' });
    set(active);
    tell(response, 200, { active });
  };
  const server = createServer((request, response) => {
    serve(request, response).catch(() => response.destroy());
  });
  await listening(server, { host: listen.address, port: listen.port });
}

function isBearer(header: string | undefined, token: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return token !== '' && header !== undefined && timingSafeEqual(digest(header), digest(`Bearer ${token}`));
}

async function readBody(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of request) {
    text += chunk;
    if (text.length > mostBodyBytes) break;
  }
  return text;
}

function activeOf(text: string): boolean | undefined {
  try {
    const { active } = JSON.parse(text) as { active?: unknown };
    return typeof active === 'boolean' ? active : undefined;
  } catch {
    return undefined;
  }
}
