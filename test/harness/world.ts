import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { addressOf, trustedDomain } from './names.ts';
import { Origin } from './origin.ts';
import { TestCa } from './pki.ts';

/** The servers behind a gateway under test, each on ports 443 and 80 of its address. */
export class World {
  readonly folder: string;
  /** PEM file with the CA that the gateway is told to trust for origins. */
  readonly caFile: string;
  readonly ca: TestCa;
  /** `api.penstock.test` and every fresh name: a certificate for `*.penstock.test`. */
  readonly api: Origin;
  /** The same names over plain http. */
  readonly plain: Origin;
  /** A second trusted name, which speaks HTTP/1.1 only. */
  readonly other: Origin;
  /** Origins whose certificate is bad, by test name. */
  readonly bad: Map<string, Origin>;
  private readonly origins: Origin[];

  private constructor(
    ca: TestCa,
    folder: string,
    origins: { api: Origin; plain: Origin; other: Origin; bad: Map<string, Origin> },
  ) {
    this.ca = ca;
    this.folder = folder;
    this.caFile = join(folder, 'origins-ca.pem');
    writeFileSync(this.caFile, ca.pem);
    this.api = origins.api;
    this.plain = origins.plain;
    this.other = origins.other;
    this.bad = origins.bad;
    this.origins = [origins.api, origins.plain, origins.other, ...origins.bad.values()];
  }

  static async start(): Promise<World> {
    const ca = new TestCa('test origins');
    const stranger = new TestCa('a stranger');
    const leaf = ca.leaf({ names: [`*.${trustedDomain}`, trustedDomain] });
    const address = addressOf('api.penstock.test');
    const api = await Origin.start({ address, port: 443, leaf });
    const plain = await Origin.start({ address, port: 80 });
    const other = await Origin.start({
      address: addressOf('other.penstock.test'),
      port: 443,
      leaf,
      protocols: ['http/1.1'],
    });
    const bad = new Map<string, Origin>();
    const leaves = {
      'unknown-ca.penstock.test': stranger.leaf({ names: ['unknown-ca.penstock.test'] }),
      'wrong-name.penstock.test': ca.leaf({ names: ['somewhere-else.penstock.test'] }),
      'expired.penstock.test': ca.leaf({ names: ['expired.penstock.test'], daysLeft: -1 }),
    };
    for (const [name, badLeaf] of Object.entries(leaves)) {
      bad.set(name, await Origin.start({ address: addressOf(name), port: 443, leaf: badLeaf }));
    }
    return new World(ca, mkdtempSync(join(tmpdir(), 'penstock-world-')), { api, plain, other, bad });
  }

  /**
   * Text of a pipelock.yaml: what every scenario needs (interception on, our CA, the test names trusted) and, over it,
   * the sections of the scenario.
   */
  configuration(sections: Record<string, unknown> = {}): string {
    const base = {
      mode: 'balanced',
      trusted_domains: [`*.${trustedDomain}`],
      forward_proxy: { enabled: true },
      tls_interception: { enabled: true, upstream_ca_file: this.caFile },
    };
    return stringify(merged(base, sections));
  }

  /** Puts every origin back to its default answers and empties the records. */
  reset(): void {
    for (const origin of this.origins) origin.reset();
  }

  async close(): Promise<void> {
    await Promise.all(this.origins.map((origin) => origin.close()));
    rmSync(this.folder, { recursive: true, force: true });
  }
}

function merged(base: Record<string, unknown>, over: Record<string, unknown>): Record<string, unknown> {
  const result = { ...base };
  for (const [key, value] of Object.entries(over)) {
    const before = result[key];
    result[key] = isMap(before) && isMap(value) ? merged(before, value) : value;
  }
  return result;
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
