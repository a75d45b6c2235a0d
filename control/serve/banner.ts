/** What a person sees when the gateway is ready. */
import { isAbsolute, relative } from 'node:path';
import { formatAddress } from './options.ts';
import type { Plan } from './plan.ts';

/**
 * A credential that stops: the access key of AWS's documentation, with another end. In pieces, so that no file holds a
 * whole one.
 */
const fakeSecret = ['AKIA', 'IOSFODNN7', 'Q3XMPL7'].join('');

/** Lines with addresses, CA, mode and two commands to paste. `directory` is where the reader's shell is. */
export function banner(plan: Plan, directory: string): string {
  const proxy = `http://${formatAddress(reachable(plan.listen.proxy))}`;
  const mcp = `http://${formatAddress(reachable(plan.listen.mcp))}`;
  const named = Object.entries(plan.mcpUpstreams);
  const elsewhere = named.length > 0 ? 'no other path leads anywhere' : 'leads nowhere: give --mcp-upstream URL';
  const upstream = plan.mcpUpstream ? `leads to ${plan.mcpUpstream}` : elsewhere;
  const cert = plan.authority ? short(plan.authority.certFile, directory) : undefined;
  const curl = `curl --proxy ${proxy}${cert ? ` --cacert ${quote(cert)}` : ''}`;
  const origin = cert ? 'https://example.com/' : 'http://example.com/';
  return [
    `Penstock is ready: mode ${plan.mode}, Envoy ${plan.envoy.version}.`,
    `  forward proxy  ${proxy}`,
    `  MCP proxy      ${mcp}  (${upstream})`,
    ...named.map(([name, url]) => `                 ${mcp}/${name}  (leads to ${url})`),
    cert ? `  CA             ${cert}` : '  CA             none: https passes unread',
    ...plan.notices.map((notice) => `  notice         ${notice}`),
    '',
    'Passes:',
    `  ${curl} ${origin}`,
    'Is blocked:',
    `  ${curl} ${origin} -d 'the key is ${fakeSecret}'`,
    '',
    '',
  ].join('\n');
}

/** An address that a client on this machine can use. */
function reachable(listen: { address: string; port: number }): { address: string; port: number } {
  const local: Record<string, string> = { '0.0.0.0': '127.0.0.1', '::': '::1' };
  return { ...listen, address: local[listen.address] ?? listen.address };
}

function short(path: string, directory: string): string {
  const near = relative(directory, path);
  return near.startsWith('..') || isAbsolute(near) ? path : near;
}

function quote(word: string): string {
  return /^[\w./@:-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
