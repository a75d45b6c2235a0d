/** No private key is in a file that Envoy reads: keys of leaves come over the certificate socket alone. */
import type { EnvoyFiles } from '../render/runtime.ts';
import { type Breach, breachOf, type Parsed, walk } from './breach.ts';

const breach = breachOf('no-key-in-config');
const keyFields = [
  'private_key',
  'private_key_provider',
  'tls_certificates',
  'pkcs12',
  'password',
  'session_ticket_keys',
];
const pemKey = /-----BEGIN [A-Z ]*PRIVATE KEY-----/;

export function noKeyInConfig(files: EnvoyFiles, { all }: Parsed): Breach[] {
  const breaches: Breach[] = [];
  for (const [name, text] of Object.entries(files)) {
    if (pemKey.test(text)) breaches.push(breach(`${name}.yaml`, 'holds a private key'));
  }
  for (const [root, value] of all) {
    for (const { resource, path } of walk(value)) {
      const place = [root, ...path].join(', ');
      for (const key of keyFields) if (key in resource) breaches.push(breach(place, `has ${key}`));
      for (const [key, text] of Object.entries(resource)) {
        // BytesValue and inline_bytes are base64.
        const isBytes = key === 'inline_bytes' || key === 'value';
        if (isBytes && typeof text === 'string' && pemKey.test(Buffer.from(text, 'base64').toString('latin1'))) {
          breaches.push(breach(place, `${key} holds a private key`));
        }
      }
    }
  }
  return breaches;
}
