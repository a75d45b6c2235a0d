// Questions to control over a socket to which no route leads, while an exchange waits. Only a 200 is an answer.
import {
  BufferType,
  Bytes,
  ContextMap,
  getBuffer,
  getHeader,
  httpCall,
  MapType,
  PairWriter,
  result,
  Status,
  WHOLE,
} from '../proxy-wasm-as/assembly';

const METHOD = Bytes.of(':method');
const POST = Bytes.of('POST');
const PATH = Bytes.of(':path');
const AUTHORITY = Bytes.of(':authority');
const STATUS = Bytes.of(':status');
const OK = Bytes.of('200');

/** Headers that begin() writes. */
const OWN_HEADERS: u32 = 3;

/** An id or a name that does not fit makes ask() fail. */
const PAIR_BYTES: u32 = 2048;
const pairBytes: usize = memory.data(2048, 4);

/** Questions of one kind: a POST to one path of one cluster. */
export class ControlCalls {
  /** Headers of the question that is being written. */
  readonly headers: PairWriter = new PairWriter();
  /** What take() took: whether there is an answer, and its body. */
  isAnswered: bool = false;
  bodyBytes: u32 = 0;
  /** Grows to the longest so far. */
  body: usize = 0;
  private room: u32 = 0;
  /** Calls without an answer → the context that waits for it. */
  private waiting: ContextMap = new ContextMap();

  constructor(
    private readonly cluster: Bytes,
    private readonly path: Bytes,
    private readonly limitMs: u32,
  ) {}

  /** Begins a question with so many headers of its caller's, which follow. */
  begin(count: u32): void {
    const headers = this.headers;
    headers.start(pairBytes, PAIR_BYTES, OWN_HEADERS + count);
    headers.add(METHOD.pointer, METHOD.length, POST.pointer, POST.length);
    headers.add(PATH.pointer, PATH.length, this.path.pointer, this.path.length);
    headers.add(AUTHORITY.pointer, AUTHORITY.length, this.cluster.pointer, this.cluster.length);
  }

  /** Asks it, with a body; gives the call that the context waits for now, 0 where nobody could be asked. */
  ask(contextId: u32, body: usize, length: u32): u32 {
    const headers = this.headers;
    const cluster = this.cluster;
    if (!headers.finish()) return 0;
    const status = httpCall(
      cluster.pointer,
      cluster.length,
      headers.pointer,
      headers.length,
      body,
      length,
      0,
      0,
      this.limitMs,
    );
    if (status != Status.Ok) return 0;
    const call = result.callId();
    this.waiting.set(call, <usize>contextId);
    return call;
  }

  /** Takes what has come of a call, a body of `length` bytes; gives the context that waited for it, 0 where it is gone or none of these. */
  take(call: u32, length: u32): u32 {
    const contextId = <u32>this.waiting.remove(call);
    this.isAnswered = false;
    this.bodyBytes = 0;
    if (contextId == 0) return 0;
    if (getHeader(MapType.HttpCallResponseHeaders, STATUS.pointer, STATUS.length) != Status.Ok) return contextId;
    if (!OK.equals(result.pointer(), result.length())) return contextId;
    if (length > 0) {
      if (getBuffer(BufferType.HttpCallResponseBody, 0, WHOLE) != Status.Ok) return contextId;
      this.bodyBytes = result.length();
      if (this.bodyBytes > this.room) {
        if (this.body != 0) heap.free(this.body);
        this.room = (this.bodyBytes + 0xfff) & ~0xfff;
        this.body = heap.alloc(this.room);
      }
      memory.copy(this.body, result.pointer(), this.bodyBytes);
    }
    this.isAnswered = true;
    return contextId;
  }

  /** Forgets a call whose exchange has ended. */
  forget(call: u32): void {
    if (call != 0) this.waiting.remove(call);
  }
}
