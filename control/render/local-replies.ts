/** Envoy's own answers (replies.yaml) on egress and intercept. */
import type { Policy } from '../policy/policy.ts';
import { field, fill, list, type Resource, type Value } from './field.ts';
import { source } from './sources.ts';

/** What to do about a refusal, by its code, where blocked answers say so: the keys of pipelock.yaml that decide. */
const hints: Record<string, string> = {
  'destination-blocked': 'fetch_proxy.monitoring.blocklist lists it, or it is the gateway itself',
  'destination-not-allowed': 'api_allowlist lists what mode strict lets pass',
  'destination-port': 'forward_proxy.connect_ports lists the ports',
  'destination-private': 'trusted_domains lists hosts, and ssrf.ip_allowlist ranges, that may be reached all the same',
  'tunnel-disabled': 'forward_proxy.enabled allows tunnels',
};

/** @throws Error where replies.yaml lacks a code that has a hint */
export function localReplies({ explainsBlocks }: Policy): Value {
  const replies = field(source('replies'), 'local_reply_config');
  if (!explainsBlocks) return replies;
  const errors = list(replies, 'mappers').map((mapper) => field(mapper, 'body_format_override.json_format.error'));
  for (const [code, hint] of Object.entries(hints)) {
    const error = (errors as Resource[]).find((one) => one.code === code);
    if (error === undefined) throw new Error(`replies.yaml: no answer has the code ${code}`);
    fill(error, 'message', `${error.message}; in pipelock.yaml ${hint}`);
  }
  return replies;
}
