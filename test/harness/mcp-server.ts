/** An MCP server of the tests: Streamable HTTP of protocol version 2025-03-26, by script. */
import { type Answer, event, fixed, json } from './answer.ts';
import { fieldValue } from './field.ts';
import type { Arrived, Origin } from './origin.ts';
import type { Gate } from './wait.ts';

export interface McpScript {
  /** Text of a tool call's result, by tool name; the default tool `echo` gives its arguments back. */
  results?: Record<string, string>;
  /** Tools of tools/list. */
  tools?: unknown[];
  /** True: calls are answered as an event stream with one notification before the result. */
  streams?: boolean;
  /** Held before the result event of a streamed call, and before each event but the first of the GET stream. */
  gate?: Gate;
}

interface Message {
  id?: string | number;
  method?: string;
  params?: { name?: string; arguments?: unknown };
}

const sessionId = 'session-0001';

export const echoTool = {
  name: 'echo',
  description: 'Gives its arguments back',
  inputSchema: { type: 'object', properties: { text: { type: 'string' } } },
};

/** Lets an origin answer as an MCP server on every path. */
export function serveMcp(origin: Origin, script: McpScript = {}): void {
  origin.answer = mcpAnswer(script);
}

/** The answer of an MCP server to any request. */
export function mcpAnswer(script: McpScript): Answer {
  return async (answering, request) => {
    if (request.method === 'GET') return eventsForClient(script)(answering, request);
    if (request.method === 'DELETE') return fixed(200, [], '')(answering, request);
    if (request.method !== 'POST') return fixed(405, [['Allow', 'GET, POST, DELETE']], '')(answering, request);
    const message = parse(request);
    if (message === undefined)
      return json({ jsonrpc: '2.0', id: null, error: { code: -32700, message: 'parse error' } }, 400)(
        answering,
        request,
      );
    if (message.id === undefined) return fixed(202, [], '')(answering, request);
    return answerTo(message, script, request)(answering, request);
  };
}

function parse(request: Arrived): Message | undefined {
  try {
    return JSON.parse(request.body.toString()) as Message;
  } catch {
    return undefined;
  }
}

function answerTo(message: Message, script: McpScript, request: Arrived): Answer {
  const result = (value: unknown): string => JSON.stringify({ jsonrpc: '2.0', id: message.id, result: value });
  switch (message.method) {
    case 'initialize':
      return fixed(
        200,
        [
          ['Content-Type', 'application/json'],
          ['Mcp-Session-Id', sessionId],
        ],
        result({
          protocolVersion: '2025-03-26',
          capabilities: { tools: {} },
          serverInfo: { name: 'test', version: '1' },
        }),
      );
    case 'tools/list':
      return fixed(200, [['Content-Type', 'application/json']], result({ tools: script.tools ?? [echoTool] }));
    case 'tools/call': {
      const name = message.params?.name ?? '';
      const text = script.results?.[name] ?? JSON.stringify(message.params?.arguments ?? {});
      const body = result({ content: [{ type: 'text', text }], isError: false });
      const isStream =
        script.streams === true && (fieldValue(request.fields, 'accept') ?? '').includes('text/event-stream');
      return isStream ? streamedCall(body, script.gate) : fixed(200, [['Content-Type', 'application/json']], body);
    }
    default:
      return json({ jsonrpc: '2.0', id: message.id, error: { code: -32601, message: 'method not found' } });
  }
}

function streamedCall(body: string, gate: Gate | undefined): Answer {
  return async (answering) => {
    answering.begin(200, [
      ['Content-Type', 'text/event-stream'],
      ['Mcp-Session-Id', sessionId],
    ]);
    const progress = { jsonrpc: '2.0', method: 'notifications/progress', params: { progressToken: 1, progress: 50 } };
    await answering.send(event(JSON.stringify(progress)));
    await gate?.passed();
    await answering.send(`id: 7\n${event(body)}`);
    answering.end();
  };
}

function eventsForClient(script: McpScript): Answer {
  return async (answering) => {
    answering.begin(200, [['Content-Type', 'text/event-stream']]);
    await answering.send(event(JSON.stringify({ jsonrpc: '2.0', method: 'notifications/tools/list_changed' })));
    await script.gate?.passed();
    await answering.send(event(JSON.stringify({ jsonrpc: '2.0', method: 'notifications/resources/list_changed' })));
    answering.end();
  };
}
