/** Requests of MCP for the bench (mcp-origin.ts answers them), as whole HTTP/1.1 requests. */

export const toolCount = 100;

export function toolName(index: number): string {
  return `read_ledger_${index}`;
}

/** Opens a session of this name. */
export function openSession(name: string): string {
  const client = { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: { name: 'bench', version: '1' } };
  return request(`session=${name}`, 'initialize', client);
}

export function listTools(session?: string): string {
  return request('list', 'tools/list', {}, session);
}

/** A call of a tool with arguments of some `bytes` bytes of plain text. */
export function callTool(index: number, bytes: number, session?: string): string {
  const note = 'Groceries and the rent of this month, as agreed with the others in the flat. ';
  const text = note.repeat(Math.ceil(bytes / note.length)).slice(0, bytes);
  return request('call', 'tools/call', { name: toolName(index), arguments: { category: 'food', text } }, session);
}

function request(query: string, method: string, params: object, session?: string): string {
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method, params });
  const lines = [
    `POST /mcp?${query} HTTP/1.1`,
    'Host: gateway',
    'Accept: application/json, text/event-stream',
    'Content-Type: application/json',
    `Content-Length: ${Buffer.byteLength(body)}`,
    ...(session === undefined ? [] : [`Mcp-Session-Id: ${session}`]),
  ];
  return `${lines.join('\r\n')}\r\n\r\n${body}`;
}
