/**
 * The MCP server under load, a process of its own, plain HTTP/1.1. A request's query says what it gets: `list` a list of 100
 * tools, `session=NAME` a session, anything else the result of a call.
 */
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { HttpReader } from './http-reader.ts';
import { toolCount, toolName } from './mcp-requests.ts';

const tools = Array.from({ length: toolCount }, (_, i) => ({
  name: toolName(i),
  description: `Reads the ledger of month ${i} and gives its sums by category, with the number of entries in each.`,
  inputSchema: {
    type: 'object',
    properties: {
      category: { type: 'string', description: 'Category whose entries are summed; all of them where it is left out.' },
      limit: { type: 'integer', description: 'Entries that are looked at, at most.', minimum: 1, maximum: 500 },
    },
  },
}));

function answer(result: object, session = ''): Buffer {
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, result });
  const head = `HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n`;
  return Buffer.from(`${head}${session && `Mcp-Session-Id: ${session}\r\n`}\r\n${body}`);
}

const list = answer({ tools });
const called = answer({ content: [{ type: 'text', text: 'Food 312.40, rent 1200.00, travel 88.10. '.repeat(12) }] });
const opened = {
  protocolVersion: '2025-06-18',
  capabilities: { tools: {} },
  serverInfo: { name: 'ledger', version: '1' },
};

function answerTo(head: string): Buffer {
  const query = /^\S+ [^ ?]*\??(\S*)/.exec(head)![1]!;
  if (query === 'list') return list;
  return query.startsWith('session=') ? answer(opened, query.slice('session='.length)) : called;
}

process.once('disconnect', () => process.exit(0));
const server = createServer((socket) => {
  const reader = new HttpReader((head) => socket.write(answerTo(head)));
  socket.setNoDelay(true);
  socket.on('data', (chunk: Buffer) => reader.feed(chunk));
  socket.on('error', () => {});
});
server.listen({ host: '127.0.0.1', port: 0, backlog: 4096 });
await once(server, 'listening');
process.send!({ port: (server.address() as AddressInfo).port });
