import type { Complaint } from './complaint.ts';
import { quote } from './complaint.ts';

/** Undefined when the text is an address to listen on ("127.0.0.1:8888", ":9090", "[::1]:0"), else what is wrong. */
export function listenComplaint(text: string): Complaint | undefined {
  const port = /^(?:\[[0-9A-Fa-f:.]+\]|[^\s:[\]]*):(\d{1,5})$/.exec(text)?.[1];
  if (port !== undefined && Number(port) <= 65535) return undefined;
  return {
    code: 'bad-address',
    message: `${quote(text)} is not an address to listen on`,
    remedy: 'write ADDRESS:PORT',
  };
}

/** Undefined when the text is a URL with a host and one of the protocols ("http:", "tcp:", …), else what is wrong. */
export function urlComplaint(text: string, protocols: readonly string[]): Complaint | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url !== undefined && protocols.includes(url.protocol) && url.hostname !== '') return undefined;
  const starts = protocols.map((protocol) => `${protocol}//`).join(' or ');
  // The URL itself is not shown: those of webhooks hold credentials.
  return {
    code: 'bad-url',
    message: 'not a URL that can be used here',
    remedy: `write one that starts with ${starts}`,
  };
}

/**
 * Undefined when the text is the URL of an MCP server: http or https, without credentials, which do not belong in a command
 * line or a ConfigMap, and without a query, since the caller's own is what is sent. A complaint does not repeat it.
 */
export function upstreamComplaint(text: string): Complaint | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const example = 'write one such as http://sure.internal:3000/mcp';
  const complain = (message: string, remedy = example): Complaint => ({ code: 'bad-url', message, remedy });
  if (!url || !['http:', 'https:'].includes(url.protocol) || url.hostname === '')
    return complain('not an http or https URL');
  if (url.username !== '' || url.password !== '')
    return complain('holds a user name or password', 'send them in a header of the caller instead');
  if (url.search !== '' || url.hash !== '')
    return complain("has a query or fragment, and the caller's own query is what is sent");
  return undefined;
}

/** Undefined when the text is a header name (RFC 9110 5.1), else what is wrong with it. */
export function headerNameComplaint(text: string): Complaint | undefined {
  if (/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(text)) return undefined;
  const remedy = 'write the name alone, such as Authorization';
  return { code: 'bad-header-name', message: `${quote(text)} is not a header name`, remedy };
}
