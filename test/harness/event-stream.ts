/** The event stream of a model's answer, through the filter in the emulated host. */
import type { Host, Stream } from '../../filter/proxy-wasm-as/host/index.ts';

/** An event that adds to the text of choice `index`, in OpenAI's form. */
export const deltaEvent = (content: string, index = 0): Buffer =>
  Buffer.from(`data: ${JSON.stringify({ choices: [{ index, delta: { content } }] })}\n\n`);

/** Opens one inside an intercepted tunnel: its headers have come, and no event. */
export function openEventStream(plugin: ReturnType<Host['configure']>): Stream {
  const stream = plugin.stream({ properties: { 'filter_state\0penstock.tunnel': 'a.example:443 a.example' } });
  stream.requestHeaders(
    [
      [':method', 'POST'],
      [':path', '/'],
      [':authority', 'a.example'],
    ],
    true,
  );
  stream.responseHeaders([
    [':status', '200'],
    ['content-type', 'text/event-stream'],
  ]);
  return stream;
}
