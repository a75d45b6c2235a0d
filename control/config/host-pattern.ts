import { isIP } from 'node:net';
import { domainToASCII } from 'node:url';
import type { Complaint } from './complaint.ts';
import { quote } from './complaint.ts';

// RFC 1035 2.3.4 lengths. The underscore is no host name character, but names in use have it.
const label = /^[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?$/;
const longestName = 253;

/**
 * The form that host patterns are compared in: lower case, without the dot that may end a name. Both spellings name the
 * same host.
 */
export function normaliseHostPattern(text: string): string {
  return text.toLowerCase().replace(/\.$/, '');
}

/**
 * Undefined when the text is a host pattern: a name (example.com), a name and everything under it (*.example.com), or an
 * IP address; else what is wrong with it. Never a URL, a port or a bare wildcard.
 */
export function hostPatternComplaint(text: string): Complaint | undefined {
  const complain = (message: string, remedy: string): Complaint => ({ code: 'bad-host-pattern', message, remedy });
  if (text.trim() === '') return complain('an empty entry', 'write a host such as example.com, or remove it');
  if (isIP(text) !== 0 && !text.includes('%')) return undefined;
  if (/^[*.]+$/.test(text)) {
    return complain(`${quote(text)} would match every host`, 'name a domain, such as *.example.com');
  }
  if (/[/:@?#]/.test(text)) {
    const url = text.includes('://') ? text : `http://${text}`;
    const host = URL.canParse(url) ? new URL(url).hostname : '';
    const remedy = host === '' ? 'write the host alone, such as example.com' : `write ${host}`;
    return complain(`${quote(text)} is not a host alone`, remedy);
  }
  const name = normaliseHostPattern(text).replace(/^\*\./, '');
  if (name.includes('*')) {
    return complain(`${quote(text)} has a wildcard in the wrong place`, 'write *. once, at the start: *.example.com');
  }
  if (/\P{ASCII}/u.test(name)) {
    const ascii = domainToASCII(name);
    return complain(`${quote(text)} is not ASCII`, ascii === '' ? 'write the name in its xn-- form' : `write ${ascii}`);
  }
  if (name.length > longestName || !name.split('.').every((each) => label.test(each))) {
    return complain(`${quote(text)} is not a host name`, 'write a name such as example.com or *.example.com');
  }
  return undefined;
}
