// Who may ask on 8889, where that is limited (mcp_auth): a request says one of the tokens whose digests are in the table, in
// X-Penstock-Token, or as the Bearer of Authorization where it has no such header. The server gets no token of ours.
import { MAX_BYTES, sha256 } from '../finding/sha256';
import { Bytes, getHeader, MapType, removeHeader, result, Status } from '../proxy-wasm-as/assembly';
import * as layout from '../table/layout';
import * as table from '../table/read';
import { answerUnauthorized } from './answer';
import { Exchange } from './exchange';
import { NO_SURFACE, noteFound } from './note';
import { reportRefused, requestIdOf } from './report';

const TOKEN = Bytes.of('x-penstock-token');
const AUTHORIZATION = Bytes.of('authorization');
const BEARER = Bytes.of('bearer ');
const CODE = Bytes.of('mcp-auth');
const digest: usize = memory.data(32, 8);

/** Whether the request may go on; else it was answered. */
export function mayAsk(exchange: Exchange): bool {
  if (load<u32>(table.policy, layout.POLICY_MCP_TOKEN_COUNT) == 0) return true;
  if (getHeader(MapType.RequestHeaders, TOKEN.pointer, TOKEN.length) == Status.Ok) {
    const isKnown = isToken(result.pointer(), result.length());
    removeHeader(MapType.RequestHeaders, TOKEN.pointer, TOKEN.length);
    if (isKnown) return true;
  } else if (getHeader(MapType.RequestHeaders, AUTHORIZATION.pointer, AUTHORIZATION.length) == Status.Ok) {
    const start = result.pointer();
    const length = result.length();
    if (isBearer(start, length) && isToken(start + BEARER.length, length - BEARER.length)) {
      removeHeader(MapType.RequestHeaders, AUTHORIZATION.pointer, AUTHORIZATION.length);
      return true;
    }
  }
  reportRefused(exchange, 'mcp-auth');
  noteFound(exchange, layout.VERDICT_BLOCK, NO_SURFACE, 0, CODE.pointer, CODE.length, requestIdOf(exchange));
  answerUnauthorized(exchange);
  return false;
}

/** RFC 9110 section 11.1: the scheme in any case. */
function isBearer(start: usize, length: u32): bool {
  if (length <= BEARER.length) return false;
  for (let i: u32 = 0; i < BEARER.length; i++)
    if ((load<u8>(start + i) | 0x20) != load<u8>(BEARER.pointer + i)) return false;
  return true;
}

/** In a time that tells nothing of the tokens: every digest is looked at to its end. */
function isToken(start: usize, length: u32): bool {
  if (<usize>length > MAX_BYTES) return false;
  sha256(start, length, digest);
  let isKnown = false;
  const count = load<u32>(table.policy, layout.POLICY_MCP_TOKEN_COUNT);
  for (let i: u32 = 0; i < count; i++) {
    const known = table.policy + layout.POLICY_MCP_TOKENS + <usize>(i * layout.TOKEN_DIGEST_BYTES);
    let difference: u64 = 0;
    for (let at: usize = 0; at < 32; at += 8) difference |= load<u64>(digest + at) ^ load<u64>(known + at);
    isKnown = isKnown || difference == 0;
  }
  return isKnown;
}
