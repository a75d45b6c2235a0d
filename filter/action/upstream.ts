// Which of the MCP servers behind 8889 a request leads to: the first name of its path tells, as it tells Envoy's routes
// (envoy/mcp.yaml, path_separated_prefix). What no name meets leads to --mcp-upstream.
import { setDestination } from '../finding/own';
import * as layout from '../table/layout';
import * as table from '../table/read';
import { Exchange } from './exchange';

/** Notes the server that the path, with its query, leads to; gives where the path goes on behind the server's name. */
export function noteUpstream(exchange: Exchange, path: usize, length: u32): usize {
  const end = path + length;
  let nameEnd = path + 1;
  while (nameEnd < end && !isNameEnd(load<u8>(nameEnd))) nameEnd++;
  exchange.upstream = 0;
  exchange.upstreamTable = table.generation;
  for (let i: u32 = 1; i < wordCount(); i += 2) {
    const word = wordOf(i);
    const bytes = load<u32>(word, layout.WORD_LENGTH);
    if (path + 1 + bytes != nameEnd) continue;
    if (memory.compare(path + 1, table.strings + load<u32>(word, layout.WORD_OFFSET), bytes) != 0) continue;
    exchange.upstream = i;
    return nameEnd;
  }
  return path;
}

/** The name that the paths to the exchange's server begin with. */
export function upstreamName(exchange: Exchange): usize {
  return table.strings + load<u32>(wordOf(exchange.upstream), layout.WORD_OFFSET);
}

/** Its length: 0 for the server that has none, -1 where it is not known after a reload. */
export function upstreamNameLength(exchange: Exchange): i32 {
  if (exchange.upstream == 0) return 0;
  return exchange.upstreamTable == table.generation ? load<u32>(wordOf(exchange.upstream), layout.WORD_LENGTH) : -1;
}

/** Says where the exchange leads: to the host of its server, whatever the client says; nowhere that is known after a reload. */
export function setUpstreamDestination(exchange: Exchange): void {
  if (wordCount() == 0 || exchange.upstreamTable != table.generation) {
    setDestination(0, 0, false);
    return;
  }
  const word = wordOf(exchange.upstream == 0 ? 0 : exchange.upstream + 1);
  const bytes = load<u32>(word, layout.WORD_LENGTH);
  setDestination(bytes == 0 ? 0 : table.strings + load<u32>(word, layout.WORD_OFFSET), bytes, false);
}

function isNameEnd(c: u8): bool {
  return c == 0x2f || c == 0x3f || c == 0x23; // / ? #
}

function wordCount(): u32 {
  return load<u32>(table.policy, layout.POLICY_MCP_HOST_WORDS + 4);
}

function wordOf(i: u32): usize {
  return table.words + <usize>(load<u32>(table.policy, layout.POLICY_MCP_HOST_WORDS) + i) * layout.WORD_BYTES;
}
