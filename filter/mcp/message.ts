// JSON-RPC 2.0 (https://www.jsonrpc.org/specification) as MCP uses it: one message, or a batch of them, and where the parts
// of each stand. Messages that two readers may read differently are none.

import * as layout from '../table/layout';
import { NO_UNREADABLE } from '../table/layout';
import { checkJson, Json, skipSpace } from './json';
import { Meeting, meet } from './string';
import { Walker } from './walk';

/** A batch has no limit in the protocol; one with more messages than this is refused. */
const MAX_MESSAGES: u32 = 64;
/** Longest id that is answered with, quotes included; a longer one is answered with null. */
export const MAX_ID_BYTES: usize = 128;

export const enum Kind {
  /** A method and an id: wants an answer. */
  Request = 0,
  /** A method alone. */
  Notification = 1,
  /** A result or an error. */
  Response = 2,
}

// Where the parts of message i stand, MAX_MESSAGES × PARTS_BYTES.
const PARTS_BYTES: usize = 48;
const parts: usize = memory.data(3072);
const KIND: usize = 0;
const METHOD: usize = 4;
const PARAMS: usize = 12;
const RESULT: usize = 20;
const ERROR: usize = 28;
const ID: usize = 36;

// Copies of ids: the text that they stand in may be gone when they are answered with.
const ids: usize = memory.data(8192); // MAX_MESSAGES × MAX_ID_BYTES
const idLengths: usize = memory.data(256); // MAX_MESSAGES × u32

/** Messages of the last text. */
export let messageCount: u32 = 0;
/** Whether the last one was a batch. */
export let isBatch: bool = false;
/** Ids that an answer in the place of the last text would repeat. */
export let idCount: u32 = 0;

const members = new Walker();
const elements = new Walker();

/**
 * Reads the message or batch that fills the text but for white space: NO_UNREADABLE, or why it is none. `isAnswer` says
 * which way it goes: to a server an answer repeats the ids of requests, to a client those of responses.
 */
export function readMessages(start: usize, end: usize, isAnswer: bool): i32 {
  messageCount = 0;
  idCount = 0;
  isBatch = false;
  const json = checkJson(start, end);
  if (json != Json.Sound) return unreadableOf(json);
  const p = skipSpace(start, end);
  if (load<u8>(p) == 0x7b) return readMessage(p, end, isAnswer);
  if (load<u8>(p) != 0x5b) return layout.UNREADABLE_MCP_NOT_JSON_RPC;
  isBatch = true;
  let first = NO_UNREADABLE;
  elements.start(p, end);
  // To its end in any case: each id is answered.
  while (elements.next()) {
    if (messageCount == MAX_MESSAGES) return layout.UNREADABLE_MCP_TOO_MANY;
    const problem = readMessage(elements.value, elements.valueEnd, isAnswer);
    if (first == NO_UNREADABLE) first = problem;
  }
  return messageCount == 0 ? layout.UNREADABLE_MCP_NOT_JSON_RPC : first;
}

function unreadableOf(json: Json): i32 {
  if (json == Json.TrailingData) return layout.UNREADABLE_MCP_TRAILING_DATA;
  if (json == Json.DuplicateKey) return layout.UNREADABLE_MCP_DUPLICATE_KEY;
  if (json == Json.TooDeep) return layout.UNREADABLE_MCP_TOO_DEEP;
  if (json == Json.HugeNumber) return layout.UNREADABLE_MCP_HUGE_NUMBER;
  if (json == Json.NotUtf8) return layout.UNREADABLE_MCP_NOT_UTF8;
  if (json == Json.LoneSurrogate) return layout.UNREADABLE_MCP_LONE_SURROGATE;
  if (json == Json.TooManyKeys) return layout.UNREADABLE_MCP_TOO_MANY;
  return layout.UNREADABLE_MCP_NOT_JSON;
}

function readMessage(p: usize, end: usize, isAnswer: bool): i32 {
  if (load<u8>(p) != 0x7b) return layout.UNREADABLE_MCP_NOT_JSON_RPC;
  const record = parts + <usize>messageCount * PARTS_BYTES;
  memory.fill(record, 0, PARTS_BYTES);
  let isJsonRpc = false;
  let hasVariant = false;
  members.start(p, end);
  while (members.next()) {
    const word = wordOf(members.key, members.keyEnd);
    if (word == Word.Variant) hasVariant = true;
    else if (word == Word.JsonRpc) isJsonRpc = isVersion(members.value, members.valueEnd);
    else if (word != Word.Other && !(word == Word.Error && load<u8>(members.value) == 0x6e))
      notePart(record + partOf(word), members.value, members.valueEnd); // "error": null is none
  }
  const hasMethod = partStart(messageCount, METHOD) != 0;
  const answers = <u32>(partStart(messageCount, RESULT) != 0) + <u32>(partStart(messageCount, ERROR) != 0);
  const id = partStart(messageCount, ID);
  const kind = hasMethod ? (id != 0 ? Kind.Request : Kind.Notification) : Kind.Response;
  store<u32>(record, kind, KIND);
  const isSound = isJsonRpc && (hasMethod ? answers == 0 : answers == 1) && (id == 0 || isId(load<u8>(id)));
  messageCount++;
  if (id != 0 && isId(load<u8>(id)) && kind == (isAnswer ? Kind.Response : Kind.Request))
    noteId(id, partEnd(messageCount - 1, ID));
  if (hasVariant) return layout.UNREADABLE_MCP_KEY_VARIANT;
  if (!isSound || (hasMethod && load<u8>(partStart(messageCount - 1, METHOD)) != 0x22))
    return layout.UNREADABLE_MCP_NOT_JSON_RPC;
  return hasVariantWithin(messageCount - 1) ? layout.UNREADABLE_MCP_KEY_VARIANT : NO_UNREADABLE;
}

/** Words of a message's own keys. */
const enum Word {
  Other = 0,
  Variant = 1,
  JsonRpc = 2,
  Id = 3,
  Method = 4,
  Params = 5,
  Result = 6,
  Error = 7,
}

function wordOf(key: usize, keyEnd: usize): Word {
  let word = Word.Other;
  let meeting = Meeting.None;
  const first = load<u8>(key) | 0x20;
  // A backslash or a byte that is not ASCII may stand for any letter; of others the first one tells.
  const isOdd = load<u8>(key) == 0x5c || load<u8>(key) >= 0x80;
  if (isOdd || first == 0x6a) meeting = meet(key, keyEnd, 'jsonrpc');
  if (meeting != Meeting.None) word = Word.JsonRpc;
  else if ((isOdd || first == 0x69) && (meeting = meet(key, keyEnd, 'id')) != Meeting.None) word = Word.Id;
  else if ((isOdd || first == 0x6d) && (meeting = meet(key, keyEnd, 'method')) != Meeting.None) word = Word.Method;
  else if ((isOdd || first == 0x70) && (meeting = meet(key, keyEnd, 'params')) != Meeting.None) word = Word.Params;
  else if ((isOdd || first == 0x72) && (meeting = meet(key, keyEnd, 'result')) != Meeting.None) word = Word.Result;
  else if ((isOdd || first == 0x65) && (meeting = meet(key, keyEnd, 'error')) != Meeting.None) word = Word.Error;
  return meeting == Meeting.Variant ? Word.Variant : word;
}

function partOf(word: Word): usize {
  if (word == Word.Id) return ID;
  if (word == Word.Method) return METHOD;
  if (word == Word.Params) return PARAMS;
  return word == Word.Result ? RESULT : ERROR;
}

/** Whether a word of the protocol stands in the parts of message `i` in a spelling that some readers take for it. */
function hasVariantWithin(i: u32): bool {
  members.start(paramsStart(i), paramsEnd(i));
  while (members.next()) {
    const key = members.key;
    const end = members.keyEnd;
    if (isVariant(key, end, 'name') || isVariant(key, end, 'arguments') || isVariant(key, end, 'uri')) return true;
    if (isVariant(key, end, '_meta') || isVariant(key, end, 'messages') || isVariant(key, end, 'tools')) return true;
  }
  members.start(resultStart(i), resultEnd(i));
  while (members.next()) {
    const key = members.key;
    const end = members.keyEnd;
    if (isVariant(key, end, 'tools') || isVariant(key, end, 'content') || isVariant(key, end, 'contents')) return true;
    if (isVariant(key, end, 'structuredContent') || isVariant(key, end, 'isError')) return true;
    if (isVariant(key, end, '_meta') || isVariant(key, end, 'messages') || isVariant(key, end, 'instructions'))
      return true;
  }
  return false;
}

/** Whether a key is `word` in another spelling. */
export function isVariant(key: usize, keyEnd: usize, word: string): bool {
  return meet(key, keyEnd, word) == Meeting.Variant;
}

function isVersion(start: usize, end: usize): bool {
  return end - start == 5 && load<u32>(start) == 0x302e3222 && load<u8>(start, 4) == 0x22;
}

function isId(c: u8): bool {
  return c != 0x7b && c != 0x5b && c != 0x74 && c != 0x66;
}

function notePart(at: usize, start: usize, end: usize): void {
  store<u32>(at, <u32>start);
  store<u32>(at, <u32>end, 4);
}

function partStart(i: u32, part: usize): usize {
  return <usize>load<u32>(parts + <usize>i * PARTS_BYTES + part);
}

function partEnd(i: u32, part: usize): usize {
  return <usize>load<u32>(parts + <usize>i * PARTS_BYTES + part, 4);
}

export function kindOf(i: u32): Kind {
  return <Kind>load<u32>(parts + <usize>i * PARTS_BYTES, KIND);
}

/** Whether the method of message `i` is `method`, ASCII, in any spelling that a server may take for it. */
export function isMethod(i: u32, method: string): bool {
  const start = partStart(i, METHOD);
  return start != 0 && meet(start + 1, partEnd(i, METHOD) - 1, method) != Meeting.None;
}

/** Where a part of message `i` begins and ends; 0 and 0 where it has none. */
export function paramsStart(i: u32): usize {
  return partStart(i, PARAMS);
}
export function paramsEnd(i: u32): usize {
  return partEnd(i, PARAMS);
}
export function resultStart(i: u32): usize {
  return partStart(i, RESULT);
}
export function resultEnd(i: u32): usize {
  return partEnd(i, RESULT);
}

/** Address of an id as it was written, quotes included. */
export function idStart(i: u32): usize {
  return ids + <usize>i * MAX_ID_BYTES;
}

/** Its length in bytes; 0 where it is answered with null. */
export function idLength(i: u32): u32 {
  return load<u32>(idLengths + <usize>(i << 2));
}

/** Answers id `i` with null. */
export function forgetId(i: u32): void {
  store<u32>(idLengths + <usize>(i << 2), 0);
}

/** Answers with one id alone, of `length` bytes; with null where that is 0. */
export function setOnlyId(from: usize, length: u32): void {
  isBatch = false;
  idCount = 0;
  noteId(from, from + length);
}

function noteId(start: usize, end: usize): void {
  const length: usize = end - start > MAX_ID_BYTES ? 0 : end - start;
  memory.copy(idStart(idCount), start, length);
  store<u32>(idLengths + <usize>(idCount << 2), <u32>length);
  idCount++;
}
