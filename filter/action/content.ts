// What kind of bytes an answer is of, by its content-type (RFC 9110 section 8.3).
import { lower } from '../finding/near';
import { Bytes } from '../proxy-wasm-as/assembly';

/** Kinds of content, by how they are read. */
export const enum Content {
  /** JSON, markup and plain text, and what does not say what it is. */
  Text = 0,
  /** Server-sent events. */
  Events = 1,
  /** A value of JSON on each line. */
  Lines = 2,
  /** Files of other kinds. */
  Other = 3,
  /** Pictures, sound and fonts: nothing to read. */
  Media = 4,
}

const EVENT_STREAM = Bytes.of('text/event-stream');
const TEXT = Bytes.of('text/');
/** Lines of JSON go by several names, none of them registered. */
const LINES: StaticArray<Bytes> = [
  Bytes.of('application/x-ndjson'),
  Bytes.of('application/ndjson'),
  Bytes.of('application/jsonl'),
  Bytes.of('application/x-jsonlines'),
  Bytes.of('application/stream+json'),
];
/** What the subtype of other texts holds: application/json, application/problem+json, application/xhtml+xml … */
const TEXTS: StaticArray<Bytes> = [
  Bytes.of('json'),
  Bytes.of('xml'),
  Bytes.of('javascript'),
  Bytes.of('yaml'),
  Bytes.of('urlencoded'),
];
const MEDIA: StaticArray<Bytes> = [Bytes.of('image/'), Bytes.of('audio/'), Bytes.of('video/'), Bytes.of('font/')];
/** Text, though it is a picture. */
const SVG = Bytes.of('image/svg');

/** The kind of a content-type. */
export function contentOf(type: usize, length: u32): Content {
  if (length == 0) return Content.Text;
  if (startsWith(type, length, EVENT_STREAM)) return Content.Events;
  for (let i = 0; i < LINES.length; i++) if (startsWith(type, length, LINES[i])) return Content.Lines;
  if (startsWith(type, length, TEXT) || startsWith(type, length, SVG)) return Content.Text;
  for (let i = 0; i < MEDIA.length; i++) if (startsWith(type, length, MEDIA[i])) return Content.Media;
  for (let i = 0; i < TEXTS.length; i++) if (holds(type, length, TEXTS[i])) return Content.Text;
  return Content.Other;
}

/** Whether the text holds another, in any case. */
export function holds(start: usize, length: u32, text: Bytes): bool {
  for (let i: u32 = 0; i + text.length <= length; i++) if (startsWith(start + i, length - i, text)) return true;
  return false;
}

/** Whether the text begins with another, in any case. */
export function startsWith(start: usize, length: u32, text: Bytes): bool {
  if (length < text.length) return false;
  for (let i: u32 = 0; i < text.length; i++) if (lower(load<u8>(start + i)) != load<u8>(text.pointer + i)) return false;
  return true;
}
