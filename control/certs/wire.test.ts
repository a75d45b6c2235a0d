import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import { describe, expect, test } from 'vitest';
import {
  readDeltaRequest,
  readDeltaResponse,
  secretTypeUrl,
  writeDeltaRequest,
  writeDeltaResponse,
  writeSecret,
} from './wire.ts';

const request = {
  typeUrl: secretTypeUrl,
  subscribe: ['a.example', 'b.example'],
  unsubscribe: ['c.example'],
  initialVersions: new Map([['a.example', 'v1']]),
  responseNonce: '7',
  rejection: 'no good',
};

describe('DeltaDiscoveryRequest', () => {
  test('is read as it is written', () => {
    expect(readDeltaRequest(writeDeltaRequest(request))).toEqual(request);
  });

  test('without anything', () => {
    expect(readDeltaRequest(new Uint8Array())).toMatchObject({
      subscribe: [],
      responseNonce: '',
      rejection: undefined,
    });
  });

  test('has the field numbers of discovery.proto', () => {
    const bytes = writeDeltaRequest({ typeUrl: 't', subscribe: ['s'], unsubscribe: ['u'], responseNonce: 'n' });
    expect(bytes.toString('hex')).toBe('120174' + '1a0173' + '220175' + '32016e');
  });

  test('unknown fields of every wire type are skipped, a node of 61 KB among them', () => {
    const writer = new BinaryWriter();
    writer.tag(1, WireType.LengthDelimited).bytes(Buffer.alloc(61_000, 0xff));
    writer.tag(8, WireType.LengthDelimited).bytes(Buffer.from([1, 2, 3]));
    writer.tag(99, WireType.Varint).uint32(5);
    writer.tag(100, WireType.Bit32).fixed32(5);
    writer.tag(101, WireType.Bit64).fixed64(5);
    // a known number with a foreign wire type
    writer.tag(3, WireType.Varint).uint32(5);
    expect(readDeltaRequest(Buffer.concat([writer.finish(), writeDeltaRequest(request)]))).toEqual(request);
  });

  test('names keep their bytes, whatever they are', () => {
    const name = Buffer.from([0xff, 0xfe, 0x00, 0x80, 0x61]).toString('latin1');
    const bytes = writeDeltaRequest({ subscribe: [name] });
    expect(bytes.includes(Buffer.from([0x1a, 5, 0xff, 0xfe, 0x00, 0x80, 0x61]))).toBe(true);
    expect(readDeltaRequest(bytes).subscribe).toEqual([name]);
  });

  test('bytes that are no message are an error', () => {
    expect(() => readDeltaRequest(Buffer.from([0x1a, 0x7f, 0x61]))).toThrow();
  });
});

describe('DeltaDiscoveryResponse', () => {
  test('is read as it is written', () => {
    const secret = new Uint8Array(writeSecret('a.example', 'chain', 'key'));
    const response = { resources: [{ name: 'a.example', version: 'v', secret }], removed: ['b.example'], nonce: '3' };
    expect(readDeltaResponse(writeDeltaResponse(response))).toEqual(response);
  });

  test('has the field numbers of discovery.proto', () => {
    const bytes = writeDeltaResponse({
      resources: [{ name: 'n', version: 'v', secret: Buffer.from([0xaa]) }],
      removed: ['r'],
      nonce: '1',
    });
    const url = `${secretTypeUrl.length.toString(16)}${Buffer.from(secretTypeUrl).toString('hex')}`;
    const any = `0a${url}1201aa`;
    const resource = `0a017612${(any.length / 2).toString(16)}${any}1a016e`;
    expect(bytes.toString('hex')).toBe(`12${(resource.length / 2).toString(16)}${resource}22${url}2a0131320172`);
  });
});

test('Secret has the field numbers of secret.proto, common.proto and base.proto', () => {
  // name 1, tls_certificate 2 { certificate_chain 1 { inline_bytes 2 }, private_key 2 { inline_bytes 2 } }
  expect(writeSecret('n', 'c', 'k').toString('hex')).toBe('0a016e' + '120a' + '0a03120163' + '120312016b');
});
