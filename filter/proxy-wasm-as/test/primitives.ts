// Entry for tests of what needs no stream: each export does one thing to memory at `scratch`. AssemblyScript.
import { ContextMap, hostBufferCapacity, PairReader, PairWriter, Pool, Writer } from '../assembly';

export * from '../assembly/exports';
export { hostBufferCapacity };

const SCRATCH: usize = memory.data(65536, 16);
const OUTPUT: usize = memory.data(65536, 16);

const writer = new Writer();
const pairWriter = new PairWriter();
const reader = new PairReader();
let map = new ContextMap();
let pool = new Pool(40, 16);

export function scratch(): usize {
  return SCRATCH;
}

export function output(): usize {
  return OUTPUT;
}

// Writer
export function writerStart(capacity: u32): void {
  writer.start(OUTPUT, capacity);
}
export function writerLength(): u32 {
  return writer.length;
}
export function writerOverflowed(): bool {
  return writer.overflowed;
}
export function writerFree(): u32 {
  return writer.free();
}
export function writerRewind(length: u32): void {
  writer.rewind(length);
}
export function writeBytes(length: u32): void {
  writer.bytes(SCRATCH, length);
}
export function writeJson(length: u32): void {
  writer.json(SCRATCH, length);
}
export function writeHexBytes(length: u32): void {
  writer.hexBytes(SCRATCH, length);
}
export function writeDecimal(value: u64): void {
  writer.decimal(value);
}
export function writeHex(value: u64, digits: u32): void {
  writer.hex(value, digits);
}
export function writeHello(): void {
  writer.ascii('hello');
}

// Pairs: the serialized pairs lie at SCRATCH; `copyPairs` writes them again at OUTPUT.
export function readStart(length: u32): bool {
  return reader.start(SCRATCH, length);
}
export function readNext(): bool {
  return reader.next();
}
export function readNameAt(): usize {
  return reader.name;
}
export function readNameLength(): u32 {
  return reader.nameLength;
}
export function readValueAt(): usize {
  return reader.value;
}
export function readValueLength(): u32 {
  return reader.valueLength;
}
export function copyPairs(length: u32, capacity: u32, maxPairs: u32): i32 {
  reader.start(SCRATCH, length);
  pairWriter.start(OUTPUT, capacity, maxPairs);
  while (reader.next()) pairWriter.add(reader.name, reader.nameLength, reader.value, reader.valueLength);
  return pairWriter.finish() ? pairWriter.length : -1;
}

// Contexts and pool
export function mapSet(contextId: u32, record: u32): void {
  map.set(contextId, record);
}
export function mapGet(contextId: u32): u32 {
  return <u32>map.get(contextId);
}
export function mapRemove(contextId: u32): u32 {
  return <u32>map.remove(contextId);
}
export function mapSize(): u32 {
  return map.size;
}
export function poolTake(): usize {
  return pool.take();
}
export function poolGive(record: usize): void {
  pool.give(record);
}
export function poolInUse(): u32 {
  return pool.inUse;
}

export function failAssertion(): void {
  assert(false, 'two plus two');
}
