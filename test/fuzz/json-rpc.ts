// JSON-RPC bodies, sound and nearly so, and what JSON.parse says of them.
import fc from 'fast-check';

/** Whether a body is a message or a batch, said with JSON.parse. The generators make no deep nesting and no large batch. */
export function isMessage(body: string): boolean {
  const isOne = (value: unknown) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
    const { jsonrpc, id, method, result } = value as Record<string, unknown>;
    if (jsonrpc !== '2.0' || (id !== undefined && id !== null && !['string', 'number'].includes(typeof id)))
      return false;
    return method === undefined ? result !== undefined : typeof method === 'string' && result === undefined;
  };
  try {
    const value: unknown = JSON.parse(body);
    if (keysIn(value) !== keysWritten(body)) return false;
    return Array.isArray(value) ? value.length > 0 && value.every(isOne) : isOne(value);
  } catch {
    return false;
  }
}

/** Keys of a value, and of its text: fewer where the text has one twice. */
function keysIn(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  const own = Array.isArray(value) ? 0 : Object.keys(value).length;
  return Object.values(value).reduce((sum, child) => sum + keysIn(child), own);
}
const keysWritten = (body: string) =>
  [...body.matchAll(/"(?:[^"\\]|\\.)*"(\s*:)?/g)].filter(([, colon]) => colon !== undefined).length;

const id = fc.oneof(fc.integer(), fc.string({ maxLength: 8 }), fc.constant(null), fc.boolean(), fc.constant([1]));
const jsonrpc = fc.constantFrom('2.0', '2.0', '2.0', '1.0');
const call = fc.record(
  { jsonrpc, id, method: fc.string(), params: fc.jsonValue({ maxDepth: 4 }) },
  { requiredKeys: ['jsonrpc', 'method'] },
);
const answer = fc.record({ jsonrpc, id, result: fc.jsonValue({ maxDepth: 4 }) }, { requiredKeys: ['jsonrpc', 'id'] });
const message = fc
  .oneof({ weight: 3, arbitrary: call }, answer)
  .chain((value) => fc.constantFrom(JSON.stringify(value), JSON.stringify(value, null, 2)));
/** Bodies of requests on 8889: messages, batches, any JSON. */
export const bodies = fc.oneof(
  { weight: 4, arbitrary: message },
  { weight: 2, arbitrary: fc.array(message, { maxLength: 4 }).map((all) => `[${all.join(' ,\n')}]`) },
  { weight: 1, arbitrary: fc.json() },
);
/** Such a text with one character put in, taken out or replaced. */
export const changedBodies = fc
  .tuple(
    bodies,
    fc.nat(),
    fc.constantFrom(0, 1),
    fc.constantFrom(
      '',
      '',
      ' ',
      '"',
      ',',
      ':',
      '{',
      '}',
      '[',
      ']',
      '\\',
      '0',
      '-',
      '.',
      'e',
      '\t',
      '\u0001',
      'u',
      '\ufeff',
    ),
  )
  .map(([text, at, taken, put]) => {
    const place = at % (text.length + 1);
    return text.slice(0, place) + put + text.slice(place + taken);
  });
