/**
 * The xDS messages that SDS needs, read and written field by field. Field numbers are those of Envoy's protos:
 * envoy/service/discovery/v3/discovery.proto, envoy/extensions/transport_sockets/tls/v3/{secret,common}.proto,
 * envoy/config/core/v3/base.proto, google/protobuf/any.proto, google/rpc/status.proto. Fields not named here are skipped.
 *
 * Strings are kept as Latin-1, one character per byte: a name has to be answered under exactly the bytes that Envoy
 * asked for, and clients choose those.
 */
import { BinaryReader, BinaryWriter, WireType } from '@bufbuild/protobuf/wire';

export const secretTypeUrl = 'type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret';

/** DeltaDiscoveryRequest, as far as it is read. */
export interface DeltaRequest {
  typeUrl: string;
  subscribe: string[];
  unsubscribe: string[];
  /** On the first request of a reconnected stream: the names that Envoy holds, and their versions. */
  initialVersions: Map<string, string>;
  /** Empty if the request answers no response. */
  responseNonce: string;
  /** Why the response with that nonce was rejected; undefined if it was not. */
  rejection: string | undefined;
}

/** DeltaDiscoveryResponse for secrets. */
export interface DeltaResponse {
  resources: { name: string; version: string; secret: Uint8Array }[];
  removed: string[];
  nonce: string;
}

const fromLatin1 = (bytes: Uint8Array) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
const toLatin1 = (text: string) => Buffer.from(text, 'latin1');

/** Decodes a DeltaDiscoveryRequest; throws on bytes that are no protobuf. */
export function readDeltaRequest(bytes: Uint8Array): DeltaRequest {
  const request: DeltaRequest = {
    typeUrl: '',
    subscribe: [],
    unsubscribe: [],
    initialVersions: new Map(),
    responseNonce: '',
    rejection: undefined,
  };
  readFields(bytes, (reader, field) => {
    if (field === 2) request.typeUrl = reader.string();
    else if (field === 3) request.subscribe.push(reader.string());
    else if (field === 4) request.unsubscribe.push(reader.string());
    else if (field === 5) request.initialVersions.set(...readMapEntry(reader.bytes()));
    else if (field === 6) request.responseNonce = reader.string();
    else if (field === 7) request.rejection = readStatusMessage(reader.bytes());
    else return false;
    return true;
  });
  return request;
}

/** Encodes a DeltaDiscoveryResponse. */
export function writeDeltaResponse({ resources, removed, nonce }: DeltaResponse): Buffer {
  const writer = newWriter();
  for (const { name, version, secret } of resources) {
    writer.tag(2, WireType.LengthDelimited).fork();
    text(writer, 1, version);
    writer.tag(2, WireType.LengthDelimited).fork();
    text(writer, 1, secretTypeUrl);
    writer.tag(2, WireType.LengthDelimited).bytes(secret);
    writer.join();
    text(writer, 3, name);
    writer.join();
  }
  text(writer, 4, secretTypeUrl);
  text(writer, 5, nonce);
  for (const name of removed) text(writer, 6, name);
  return asBuffer(writer.finish());
}

/** Encodes a Secret whose tls_certificate holds chain and key inline, both PEM. */
export function writeSecret(name: string, chainPem: string, keyPem: string): Buffer {
  const writer = newWriter();
  text(writer, 1, name);
  writer.tag(2, WireType.LengthDelimited).fork();
  for (const [field, data] of [chainPem, keyPem].entries()) {
    // TlsCertificate: certificate_chain 1, private_key 2; each a DataSource with inline_bytes 2
    writer.tag(field + 1, WireType.LengthDelimited).fork();
    text(writer, 2, data);
    writer.join();
  }
  writer.join();
  return asBuffer(writer.finish());
}

/** Encodes a DeltaDiscoveryRequest: what Envoy sends, for tests. */
export function writeDeltaRequest(request: Partial<DeltaRequest>): Buffer {
  const writer = newWriter();
  text(writer, 2, request.typeUrl ?? secretTypeUrl);
  for (const name of request.subscribe ?? []) text(writer, 3, name);
  for (const name of request.unsubscribe ?? []) text(writer, 4, name);
  for (const [name, version] of request.initialVersions ?? []) {
    writer.tag(5, WireType.LengthDelimited).fork();
    text(writer, 1, name);
    text(writer, 2, version);
    writer.join();
  }
  if (request.responseNonce) text(writer, 6, request.responseNonce);
  if (request.rejection !== undefined) {
    writer.tag(7, WireType.LengthDelimited).fork();
    text(writer, 2, request.rejection);
    writer.join();
  }
  return asBuffer(writer.finish());
}

/** Decodes a DeltaDiscoveryResponse: what Envoy reads, for tests. */
export function readDeltaResponse(bytes: Uint8Array): DeltaResponse {
  const response: DeltaResponse = { resources: [], removed: [], nonce: '' };
  readFields(bytes, (reader, field) => {
    if (field === 2) response.resources.push(readResource(reader.bytes()));
    else if (field === 5) response.nonce = reader.string();
    else if (field === 6) response.removed.push(reader.string());
    else return false;
    return true;
  });
  return response;
}

function readResource(bytes: Uint8Array): DeltaResponse['resources'][number] {
  const resource = { name: '', version: '', secret: new Uint8Array() };
  readFields(bytes, (reader, field) => {
    if (field === 1) resource.version = reader.string();
    else if (field === 2) resource.secret = readAnyValue(reader.bytes());
    else if (field === 3) resource.name = reader.string();
    else return false;
    return true;
  });
  return resource;
}

function readAnyValue(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  let content = new Uint8Array();
  readFields(bytes, (reader, field) => {
    if (field !== 2) return false;
    content = Uint8Array.from(reader.bytes());
    return true;
  });
  return content;
}

function readMapEntry(bytes: Uint8Array): [string, string] {
  const entry: [string, string] = ['', ''];
  readFields(bytes, (reader, field) => {
    if (field !== 1 && field !== 2) return false;
    entry[field - 1] = reader.string();
    return true;
  });
  return entry;
}

function readStatusMessage(bytes: Uint8Array): string {
  let message = '';
  readFields(bytes, (reader, field) => {
    if (field !== 2) return false;
    message = reader.string();
    return true;
  });
  return message;
}

/**
 * Calls `read` for each field that is length-delimited, as every field read here is; skips the field if `read` says
 * that it did not take it.
 */
function readFields(bytes: Uint8Array, read: (reader: BinaryReader, field: number) => boolean): void {
  const reader = new BinaryReader(bytes, fromLatin1);
  while (reader.pos < reader.len) {
    const [field, wireType] = reader.tag();
    if (wireType !== WireType.LengthDelimited || !read(reader, field)) reader.skip(wireType, field);
  }
}

function newWriter(): BinaryWriter {
  return new BinaryWriter(toLatin1);
}

function text(writer: BinaryWriter, field: number, content: string): void {
  writer.tag(field, WireType.LengthDelimited).string(content);
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
}
