/**
 * A Secret as client-go writes it: Kubernetes' protobuf envelope (magic, runtime.Unknown with the object in field 2) and the
 * fields of k8s.io/api/core/v1/generated.proto that Helm's release storage uses.
 */
import { BinaryReader, WireType } from '@bufbuild/protobuf/wire';

const magic = Buffer.from('k8s\0');

/** True for a body in Kubernetes' protobuf. */
export function isWire(body: Buffer): boolean {
  return body.subarray(0, magic.length).equals(magic);
}

/** The Secret as JSON has it. */
export function readSecret(body: Buffer): object {
  const envelope = fieldsOf(body.subarray(magic.length));
  const secret = fieldsOf(envelope.get(2)![0]!);
  const metadata = fieldsOf(secret.get(1)![0]!);
  const text = (bytes: Uint8Array | undefined) => Buffer.from(bytes ?? []).toString();
  const map = (entries: Uint8Array[] | undefined, encoding: 'utf8' | 'base64') =>
    Object.fromEntries(
      (entries ?? []).map((entry) => {
        const pair = fieldsOf(entry);
        return [text(pair.get(1)?.[0]), Buffer.from(pair.get(2)?.[0] ?? []).toString(encoding)];
      }),
    );
  return {
    ...{ apiVersion: 'v1', kind: 'Secret' },
    metadata: {
      name: text(metadata.get(1)?.[0]),
      namespace: text(metadata.get(3)?.[0]),
      labels: map(metadata.get(11), 'utf8'),
    },
    data: map(secret.get(2), 'base64'),
    type: text(secret.get(3)?.[0]),
  };
}

/** The length-delimited fields of a message by number. */
function fieldsOf(message: Uint8Array): Map<number, Uint8Array[]> {
  const fields = new Map<number, Uint8Array[]>();
  const reader = new BinaryReader(message);
  while (reader.pos < reader.len) {
    const [number, type] = reader.tag();
    if (type !== WireType.LengthDelimited) reader.skip(type);
    else fields.set(number, [...(fields.get(number) ?? []), reader.bytes()]);
  }
  return fields;
}
