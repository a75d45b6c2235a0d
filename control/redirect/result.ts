/** What a handler wrote, as the result of a tool's call (MCP 2025-06-18, CallToolResult). */

const utf8 = new TextDecoder('utf-8', { fatal: true });

/**
 * The result as JSON: the output itself where it is a result, an object with a list `content`; else the output as one text.
 * Gives undefined where it is neither: empty, no UTF-8, or a result that no client can read.
 */
export function resultOf(output: Uint8Array): string | undefined {
  let text: string;
  try {
    text = utf8.decode(output).trim();
  } catch {
    return undefined;
  }
  if (text === '') return undefined;
  const value = parse(text);
  if (!isObject(value) || !Object.hasOwn(value, 'content')) {
    return JSON.stringify({ content: [{ type: 'text', text }], isError: false });
  }
  // As it was written: the filter reads it as it reads a server's, a key that stands twice included.
  return isResult(value) ? text : undefined;
}

function isResult({ content, isError, structuredContent }: Record<string, unknown>): boolean {
  const isContent = Array.isArray(content) && content.every((part) => isObject(part) && typeof part.type === 'string');
  const isRight = isError === undefined || typeof isError === 'boolean';
  return isContent && isRight && (structuredContent === undefined || isObject(structuredContent));
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
