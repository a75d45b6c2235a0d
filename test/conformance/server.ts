/**
 * An MCP server that has all that the official conformance suite asks a server for (the tools, resources and prompts that
 * its server scenarios name), over the official SDK's Streamable HTTP transport. Long, because the suite asks for much.
 */
import { randomUUID } from 'node:crypto';
import { createServer, type Server as HttpServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { Server } from '@modelcontextprotocol/sdk/server/index.js';
import { type EventStore, StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import {
  CallToolRequestSchema,
  CompleteRequestSchema,
  CreateMessageResultSchema,
  ElicitResultSchema,
  GetPromptRequestSchema,
  type JSONRPCMessage,
  ListPromptsRequestSchema,
  ListResourcesRequestSchema,
  ListResourceTemplatesRequestSchema,
  ListToolsRequestSchema,
  ReadResourceRequestSchema,
  SetLevelRequestSchema,
  SubscribeRequestSchema,
  UnsubscribeRequestSchema,
} from '@modelcontextprotocol/sdk/types.js';

/** A red pixel, and a sound of no length. */
const png = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8DwHwAFBQIAX8jx0gAAAABJRU5ErkJggg==';
const wav = 'UklGRiYAAABXQVZFZm10IBAAAAABAAEAQB8AAAB9AAACABAAZGF0YQIAAAA=';

const text = (value: string) => ({ type: 'text' as const, text: value });
const image = { type: 'image' as const, data: png, mimeType: 'image/png' };
const resource = (uri: string, mimeType: string, value: string) => ({
  type: 'resource' as const,
  resource: { uri, mimeType, text: value },
});
const user = (content: unknown) => ({ role: 'user' as const, content });
const object = (properties: Record<string, unknown> = {}, required: string[] = []) => ({
  type: 'object' as const,
  properties,
  required,
});

const plainTools: Record<string, string> = {
  test_simple_text: 'Answers with one text',
  test_image_content: 'Answers with an image',
  test_audio_content: 'Answers with a sound',
  test_embedded_resource: 'Answers with a resource',
  test_multiple_content_types: 'Answers with several kinds of content',
  test_tool_with_logging: 'Logs while it runs',
  test_tool_with_progress: 'Tells how far it is',
  test_error_handling: 'Fails',
  test_reconnection: 'Closes its stream and answers on the next one',
  test_elicitation_sep1034_defaults: 'Asks the user, with defaults',
  test_elicitation_sep1330_enums: 'Asks the user to choose',
};

const tools = [
  ...Object.entries(plainTools).map(([name, description]) => ({ name, description, inputSchema: object() })),
  {
    name: 'test_sampling',
    description: 'Asks the model',
    inputSchema: object({ prompt: { type: 'string' } }, ['prompt']),
  },
  {
    name: 'test_elicitation',
    description: 'Asks the user',
    inputSchema: object({ message: { type: 'string' } }, ['message']),
  },
  {
    name: 'json_schema_2020_12_tool',
    description: 'Has a schema of the draft of 2020-12',
    inputSchema: {
      $schema: 'https://json-schema.org/draft/2020-12/schema',
      type: 'object' as const,
      $defs: { address: { type: 'object', properties: { street: { type: 'string' }, city: { type: 'string' } } } },
      properties: { name: { type: 'string' }, address: { $ref: '#/$defs/address' } },
      additionalProperties: false,
    },
  },
];

const defaults = object({
  name: { type: 'string', description: 'Name', default: 'John Doe' },
  age: { type: 'integer', description: 'Age', default: 30 },
  score: { type: 'number', description: 'Score', default: 95.5 },
  status: { type: 'string', description: 'Status', enum: ['active', 'inactive', 'pending'], default: 'active' },
  verified: { type: 'boolean', description: 'Verified', default: true },
});

const options = ['option1', 'option2', 'option3'];
const titled = ['First', 'Second', 'Third'].map((title, i) => ({ const: `value${i + 1}`, title }));
const choices = object({
  untitledSingle: { type: 'string', enum: options },
  titledSingle: { type: 'string', oneOf: titled },
  legacyEnum: { type: 'string', enum: ['opt1', 'opt2', 'opt3'], enumNames: ['One', 'Two', 'Three'] },
  untitledMulti: { type: 'array', minItems: 1, maxItems: 3, items: { type: 'string', enum: options } },
  titledMulti: { type: 'array', minItems: 1, maxItems: 3, items: { anyOf: titled } },
});

const resources = [
  { uri: 'test://static-text', name: 'static-text', mimeType: 'text/plain', description: 'A text' },
  { uri: 'test://static-binary', name: 'static-binary', mimeType: 'image/png', description: 'An image' },
  {
    uri: 'test://watched-resource',
    name: 'watched-resource',
    mimeType: 'text/plain',
    description: 'A text that changes',
  },
];

const argument = (name: string) => ({ name, description: `The value of ${name}`, required: true });
const prompts = [
  { name: 'test_simple_prompt', description: 'A prompt' },
  {
    name: 'test_prompt_with_arguments',
    description: 'With arguments',
    arguments: [argument('arg1'), argument('arg2')],
  },
  { name: 'test_prompt_with_embedded_resource', description: 'With a resource', arguments: [argument('resourceUri')] },
  { name: 'test_prompt_with_image', description: 'With an image' },
];

function makeServer(transport: () => StreamableHTTPServerTransport): Server {
  const server = new Server(
    { name: 'penstock-conformance', version: '1.0.0' },
    {
      capabilities: {
        ...{ tools: { listChanged: true }, prompts: { listChanged: true }, logging: {}, completions: {} },
        resources: { subscribe: true, listChanged: true },
      },
    },
  );
  server.setRequestHandler(ListToolsRequestSchema, () => ({ tools }));
  server.setRequestHandler(CallToolRequestSchema, async ({ params }, extra) => {
    const { name, arguments: given = {}, _meta: meta } = params;
    const elicit = async (message: string, requestedSchema: unknown) => {
      const request = { method: 'elicitation/create', params: { mode: 'form', message, requestedSchema } };
      const { action, content } = await extra.sendRequest(request as never, ElicitResultSchema);
      return { content: [text(`action=${action}, content=${JSON.stringify(content ?? {})}`)] };
    };
    switch (name) {
      case 'test_simple_text':
        return { content: [text('This is a simple text response for testing.')] };
      case 'test_image_content':
        return { content: [image] };
      case 'test_audio_content':
        return { content: [{ type: 'audio', data: wav, mimeType: 'audio/wav' }] };
      case 'test_embedded_resource':
        return { content: [resource('test://embedded-resource', 'text/plain', 'An embedded resource.')] };
      case 'test_multiple_content_types':
        return { content: [text('Several:'), image, resource('test://mixed', 'application/json', '{"test":"data"}')] };
      case 'test_tool_with_logging':
        for (const data of ['started', 'working', 'done']) {
          await extra.sendNotification({ method: 'notifications/message', params: { level: 'info', data } });
          await sleep(20);
        }
        return { content: [text('Logged.')] };
      case 'test_tool_with_progress': {
        const progressToken = meta?.progressToken ?? 0;
        for (const progress of [0, 50, 100]) {
          const of = { progressToken, progress, total: 100, message: `${progress} of 100` };
          await extra.sendNotification({ method: 'notifications/progress', params: of });
          await sleep(20);
        }
        return { content: [text(String(progressToken))] };
      }
      case 'test_error_handling':
        return { isError: true, content: [text('This tool intentionally returns an error for testing')] };
      case 'test_reconnection':
        transport().closeSSEStream(extra.requestId);
        await sleep(100);
        return { content: [text('Answered on the stream that came after.')] };
      case 'test_sampling': {
        const messages = [user(text(String(given.prompt)))];
        const request = { method: 'sampling/createMessage', params: { messages, maxTokens: 100 } };
        const { content } = await extra.sendRequest(request as never, CreateMessageResultSchema);
        return { content: [text(`LLM response: ${(content as { text?: string }).text ?? ''}`)] };
      }
      case 'test_elicitation':
        return elicit(String(given.message), object({ response: { type: 'string' } }, ['response']));
      case 'test_elicitation_sep1034_defaults':
        return elicit('Look at the defaults', defaults);
      case 'test_elicitation_sep1330_enums':
        return elicit('Choose', choices);
      case 'json_schema_2020_12_tool':
        return { content: [text(JSON.stringify(given))] };
      default:
        throw new Error(`no tool ${name}`);
    }
  });
  server.setRequestHandler(ListResourcesRequestSchema, () => ({ resources }));
  server.setRequestHandler(ListResourceTemplatesRequestSchema, () => ({
    resourceTemplates: [{ name: 'template', uriTemplate: 'test://template/{id}/data', mimeType: 'application/json' }],
  }));
  server.setRequestHandler(ReadResourceRequestSchema, ({ params: { uri } }) => {
    const [, id] = /^test:\/\/template\/([^/]+)\/data$/.exec(uri) ?? [];
    if (id !== undefined)
      return { contents: [{ uri, mimeType: 'application/json', text: JSON.stringify({ id, templateTest: true }) }] };
    if (uri === 'test://static-binary') return { contents: [{ uri, mimeType: 'image/png', blob: png }] };
    return { contents: [{ uri, mimeType: 'text/plain', text: `The content of ${uri}.` }] };
  });
  server.setRequestHandler(SubscribeRequestSchema, () => ({}));
  server.setRequestHandler(UnsubscribeRequestSchema, () => ({}));
  server.setRequestHandler(ListPromptsRequestSchema, () => ({ prompts }));
  server.setRequestHandler(GetPromptRequestSchema, ({ params: { name, arguments: given = {} } }) => {
    const contents: Record<string, unknown[]> = {
      test_simple_prompt: [text('This is a simple prompt for testing.')],
      test_prompt_with_arguments: [text(`arg1='${given.arg1}', arg2='${given.arg2}'`)],
      test_prompt_with_embedded_resource: [resource(given.resourceUri ?? '', 'text/plain', 'Embedded.'), text('Look.')],
      test_prompt_with_image: [image, text('Look.')],
    };
    return { messages: (contents[name] ?? []).map(user) } as never;
  });
  server.setRequestHandler(SetLevelRequestSchema, () => ({}));
  server.setRequestHandler(CompleteRequestSchema, () => ({ completion: { values: [], total: 0, hasMore: false } }));
  return server;
}

/** Events that a client may ask for again. */
function makeEventStore(): EventStore {
  const events: { id: string; stream: string; message: JSONRPCMessage }[] = [];
  return {
    async storeEvent(stream, message) {
      const id = `${stream}::${events.length}`;
      events.push({ id, stream, message });
      return id;
    },
    async replayEventsAfter(last, { send }) {
      const stream = last.slice(0, last.lastIndexOf('::'));
      const from = Number(last.slice(last.lastIndexOf('::') + 2));
      for (const [i, event] of events.entries())
        if (i > from && event.stream === stream && Object.keys(event.message).length > 0)
          await send(event.id, event.message);
      return stream;
    },
  };
}

const isLocal = (host: string | undefined) =>
  host !== undefined && /^(?:localhost|127\.0\.0\.1|\[::1\])(?::\d+)?$/.test(host);

/** A server on a free port of 127.0.0.1, at /mcp. */
export async function serveConformance(): Promise<{ url: string; close: () => void }> {
  const transports = new Map<string, StreamableHTTPServerTransport>();
  const serve = async (request: IncomingMessage, response: ServerResponse) => {
    // A page of another origin must not get in by a name that leads here (the specification's "Security Warning").
    const { origin, host } = request.headers;
    if (!isLocal(host) || (origin !== undefined && !isLocal(origin.replace(/^https?:\/\//, ''))))
      return void response.writeHead(403).end();
    const known = transports.get(String(request.headers['mcp-session-id']));
    if (known) return known.handleRequest(request, response);
    if (request.headers['mcp-session-id'] !== undefined) return void response.writeHead(404).end();
    const transport: StreamableHTTPServerTransport = new StreamableHTTPServerTransport({
      sessionIdGenerator: randomUUID,
      eventStore: makeEventStore(),
      retryInterval: 500,
      onsessioninitialized: (id) => void transports.set(id, transport),
      onsessionclosed: (id) => void transports.delete(id),
    });
    await makeServer(() => transport).connect(transport as never);
    return transport.handleRequest(request, response);
  };
  const http: HttpServer = createServer((request, response) => {
    serve(request, response).catch((error: Error) => {
      if (!response.headersSent) response.writeHead(500);
      response.end(error.message);
    });
  });
  await new Promise<void>((settle) => http.listen(0, '127.0.0.1', settle));
  const close = () => {
    http.closeAllConnections();
    http.close();
  };
  return { url: `http://127.0.0.1:${(http.address() as AddressInfo).port}/mcp`, close };
}
