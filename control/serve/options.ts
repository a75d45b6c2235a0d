/** The options of `penstock run`, and how their texts are read. */
import { isIP } from 'node:net';
import { upstreamComplaint } from '../config/address.ts';
import type { ListenAddress } from '../policy/policy.ts';

/** What `run` was told. Plain data: it goes to the preparing process as JSON. */
export interface RunOptions {
  /** pipelock.yaml; undefined: the default configuration. */
  config?: string;
  listen: ListenAddress;
  mcpListen: ListenAddress;
  mcpUpstream?: string;
  stateDirectory: string;
  /** The ConfigMap of the pins, where pins.store is configMap. */
  pinsConfigMap: string;
  /** Left out: as the configuration says, else text on a terminal and JSON elsewhere. */
  logFormat?: 'text' | 'json';
  /** Envoy's worker threads. */
  concurrency: number;
}

/** What is wrong with options or with what stands around the gateway: problems as text, one to a line or more. */
export class StartError extends Error {
  override readonly name = 'StartError';
  readonly problems: string[];

  constructor(problems: string[]) {
    super(problems.join('\n'));
    this.problems = problems;
  }
}

/**
 * Reads "0.0.0.0:8888", "[::]:8888", ":8888" (all IPv4 addresses) or "localhost:8888". Port 0 takes any free one.
 * @param option the option's name, for the message
 * @throws StartError
 */
export function parseListen(text: string, option: string): ListenAddress {
  const [, bracketed, plain, digits] = /^(?:\[([^\]]*)\]|([^:[\]]*)):(\d{1,5})$/.exec(text) ?? [];
  const port = Number(digits);
  const wildcard = bracketed ?? (plain || '0.0.0.0');
  const address = wildcard === 'localhost' ? '127.0.0.1' : wildcard;
  const family = bracketed === undefined ? 4 : 6;
  if (digits === undefined || port > 65_535 || isIP(address) !== family) {
    throw new StartError([
      `${option}: "${text}" is not an address to listen on; write ADDRESS:PORT, such as 127.0.0.1:8888`,
    ]);
  }
  return { address, port };
}

/** "127.0.0.1:8888", "[::]:8888" */
export function formatAddress({ address, port }: ListenAddress): string {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}

/**
 * The URL of --mcp-upstream.
 * @throws StartError, which does not repeat a URL that may hold credentials
 */
export function parseUpstream(text: string): URL {
  const complaint = upstreamComplaint(text);
  if (complaint) throw new StartError([`--mcp-upstream: ${complaint.message}; ${complaint.remedy}`]);
  return new URL(text);
}
