// A tunnel that passes unopened: nothing of it goes on before it is known to be TLS, for the host that CONNECT named. What is
// inside stays unread.
import { BodyStatus, BufferType, getBuffer, result, Status } from '../proxy-wasm-as/assembly';
import * as layout from '../table/layout';
import { Hello, helloName, helloNameLength, readHello } from '../view/client-hello';
import { isAddress, isHost } from './authority';
import { Exchange, Reading } from './exchange';
import { refuse } from './judge';

/** The client's first bytes, `length` of them so far. Sets exchange.request to Pass once they are decided on. */
export function passHello(exchange: Exchange, length: u32, isLast: bool): BodyStatus {
  const isThere = length > 0 && getBuffer(BufferType.RequestBody, 0, length) == Status.Ok;
  const hello = isThere ? readHello(result.pointer(), result.length()) : Hello.Unfinished;
  if (hello == Hello.Unfinished && !isLast) return BodyStatus.StopIterationAndBuffer;
  exchange.request = Reading.Pass;
  // It ends and has said nothing.
  if (!isThere) return BodyStatus.Continue;
  let isRefused = false;
  if (hello == Hello.Unfinished || hello == Hello.NotTls)
    isRefused = refuse(exchange, layout.UNREADABLE_TUNNEL_NOT_TLS);
  else if (!isNamed(exchange, hello)) isRefused = refuse(exchange, layout.UNREADABLE_TUNNEL_SERVER_NAME);
  return isRefused ? BodyStatus.StopIterationNoBuffer : BodyStatus.Continue;
}

/** Whether the client asks for the host of the tunnel. An address is no server name (RFC 6066 section 3). */
function isNamed(exchange: Exchange, hello: Hello): bool {
  if (hello == Hello.NoName) return isAddress(exchange);
  return isHost(exchange, helloName, helloName + helloNameLength);
}
