/** What an entry of `suppress` says of a URL: a host, with a path or without. */
import { type Complaint, quote } from './complaint.ts';
import { hostPatternComplaint, normaliseHostPattern } from './host-pattern.ts';

export interface SuppressPath {
  /** A host pattern; empty: any host. */
  host: string;
  /** A glob of the URL's path, in which `*` stands for anything; empty: any path. */
  path: string;
}

/**
 * `host`, `host/path`, `/path` and `*` + `/path` for any host; `*` for every URL. In front a scheme may stand, and a path that ends in a
 * slash is a directory with all that is in it. A Complaint where it is none of these.
 */
export function parseSuppressPath(text: string): SuppressPath | Complaint {
  const complain = (message: string, remedy: string): Complaint => ({ code: 'not-allowed', message, remedy });
  const bare = text.replace(/^https?:\/\//i, '');
  if (bare === '') return complain(`${quote(text)} is empty`, 'write a host, such as docs.example.com/public/*');
  if (/[?#]/.test(bare)) return complain(`${quote(text)} has a query`, 'end it with the path; any query is let pass');
  if (/[^!-~]/.test(bare))
    return complain(
      `${quote(text)} is not ASCII without spaces`,
      'write the path as the URL has it, with %20 for a space',
    );
  const slash = bare.indexOf('/');
  const name = slash < 0 ? bare : bare.slice(0, slash);
  const path = slash < 0 ? '' : bare.slice(slash);
  if (path.includes('..')) return complain(`${quote(text)} climbs`, 'write the path that it leads to');
  const isAny = name === '*' || (name === '' && slash === 0);
  const complaint = isAny ? undefined : hostPatternComplaint(name);
  if (complaint) return complaint;
  const whole = path.endsWith('/') ? `${path}*` : path;
  const glob = whole === '/*' ? '' : whole;
  // Of "*" and a file's name the star stands for the directories too.
  return { host: isAny ? '' : normaliseHostPattern(name), path: name === '*' && glob !== '' ? `*${glob}` : glob };
}

export function suppressPathComplaint(text: string): Complaint | undefined {
  const parsed = parseSuppressPath(text);
  return 'code' in parsed ? parsed : undefined;
}
