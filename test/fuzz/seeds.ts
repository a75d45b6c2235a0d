import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readRules } from '../../control/rules/read.ts';
import { parseCase } from '../../control/serve/trace.ts';

const root = join(import.meta.dirname, '../..');

/** What the first inputs are made of: every rule's examples, the bodies of test/stream, clean text, JSON-RPC, events. */
export function seedTexts(): Uint8Array[] {
  const rules = readRules();
  const stream = join(root, 'test/stream');
  const cases = readdirSync(stream).filter((name) => name.endsWith('.md') && name !== 'README.md');
  const bodies = cases.flatMap((name) => {
    const { request, response } = parseCase(readFileSync(join(stream, name), 'utf8'), name);
    return [request.body, response?.body ?? ''];
  });
  const clean = readFileSync(join(root, 'control/rules/clean.txt'), 'utf8').split(/(?<=\n)(?=[A-Z{<#])/);
  return [
    ...rules.flatMap(({ match, reject }) => [...match, ...reject]),
    ...bodies.filter((body) => body.length > 0 && body.length < 8000),
    ...clean,
    '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"a","arguments":{"b":"c"}}}',
    '[{"jsonrpc":"2.0","id":"x","result":{}},{"jsonrpc":"2.0","method":"notifications/progress"}]',
    'event: message\r\nid: 4\r\ndata: {"jsonrpc":"2.0","id":7,"result":{"text":"a"}}\r\n\r\n',
    'data: {"choices":[{"delta":{"content":"a"}}]}\n\ndata: [DONE]\n\n',
    '--b\r\ncontent-disposition: form-data; name="a"\r\n\r\ntext\r\n--b--\r\n',
    'a=1&b=%C3%A9&c=x+y',
  ].map((text) => Buffer.from(text));
}
