import { lookup } from 'node:dns/promises';
import { readFileSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { addressOf } from './names.ts';

/** Why this process is not isolated; undefined when it is: only loopback interfaces, no route, our /etc/hosts. */
export async function whyNotIsolated(): Promise<string | undefined> {
  const outside = Object.entries(networkInterfaces()).filter(([, list]) => list?.some((one) => !one.internal));
  if (outside.length > 0) return `interface ${outside.map(([name]) => name).join(', ')} leads out`;
  const routes = readFileSync('/proc/self/net/route', 'utf8').trim().split('\n').slice(1);
  if (routes.length > 0) return `${routes.length} routes lead out`;
  const name = 'api.penstock.test';
  const found = await lookup(name).catch(() => undefined);
  if (found?.address !== addressOf(name)) return `${name} is ${found?.address ?? 'unknown'}, not ${addressOf(name)}`;
  return undefined;
}

/** Global set-up of vitest's scenario project: refuses to run where a packet could leave the machine. */
export default async function refuseUnisolated(): Promise<void> {
  const reason = await whyNotIsolated();
  if (reason !== undefined) {
    throw new Error(
      `scenario tests: not isolated: ${reason}; run npm run test:scenario, or node test/isolate.ts FILTER`,
    );
  }
}
