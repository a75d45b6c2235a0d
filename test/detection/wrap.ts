/** Ways in which a secret travels: the bytes that a client would send, and where in the exchange they stand. */
import { deflateSync, gzipSync } from 'node:zlib';
import { SURFACE_HEADER, SURFACE_REQUEST_BODY, SURFACE_URL } from '../../filter/table/layout.ts';
import type { Seeded } from '../bench/random.ts';

/** A text that is found in the open, and where in its bytes the finding lies. */
export interface Open {
  bytes: Buffer;
  start: number;
  end: number;
}

export interface Wrapping {
  name: string;
  /** SURFACE_* of filter/table/layout.ts. */
  surface: number;
  /** Whether somebody would send such a text so. */
  suits(open: Open): boolean;
  /** `random` says where to cut, for those that cut. */
  wrap(open: Open, random: Seeded): Uint8Array;
}

/** A chat request in the shape of OpenAI's chat completions with a text as the user's message. */
export function chatRequest(text: string): string {
  return chatOf(JSON.stringify(text));
}

/** The same, of a string that is already written as JSON. */
function chatOf(string: string): string {
  return `{"model":"gpt-4o","messages":[{"role":"system","content":"You are an assistant."},{"role":"user","content":${string}}],"stream":true}`;
}

const text = ({ bytes }: Open) => bytes.toString();
const isLine = (open: Open) => !/[\r\n]/.test(text(open));
/** What a header may hold: one line, no control characters (RFC 9110 section 5.5). */
const isHeader = (open: Open) => /^[\t\x20-\x7e]+$/.test(text(open));
/** What stands in a column as it is. */
const isColumn = (open: Open) => /^[^\r\n,"]+$/.test(text(open));
const always = () => true;

/** RFC 4648 section 6. */
function base32(bytes: Buffer): string {
  let bits = '';
  for (const byte of bytes) bits += byte.toString(2).padStart(8, '0');
  const digits = bits
    .match(/.{1,5}/g)
    ?.map((five) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'[Number.parseInt(five.padEnd(5, '0'), 2)]);
  const written = digits?.join('') ?? '';
  return written.padEnd(Math.ceil(written.length / 8) * 8, '=');
}

/** RFC 2045 section 6.7: 76 characters a line, what is not printable and every `=` escaped. */
function quotedPrintable(bytes: Buffer): string {
  let line = '';
  const lines: string[] = [];
  for (const byte of bytes) {
    const isPlain = (byte >= 0x20 && byte < 0x7f && byte !== 0x3d) || byte === 0x09;
    const sign = isPlain ? String.fromCharCode(byte) : `=${hexByte(byte).toUpperCase()}`;
    if (line.length + sign.length > 75) {
      lines.push(`${line}=`);
      line = '';
    }
    line += sign;
  }
  return [...lines, line].join('\r\n');
}

const hexByte = (byte: number) => byte.toString(16).padStart(2, '0');
/** Every byte of a text, written by `write` with two hex digits. */
const eachByte = (bytes: Buffer, write: (digits: string) => string) =>
  Array.from(bytes, (byte) => write(hexByte(byte))).join('');
const percentAll = (bytes: Buffer) => eachByte(bytes, (digits) => `%${digits.toUpperCase()}`);
/** Every UTF-16 unit as \uXXXX. */
const unicodeEscapes = (open: Open) =>
  text(open).replace(/[\s\S]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
/** Lines of 76, as RFC 2045 section 6.8 asks. */
const mimeBase64 = (bytes: Buffer) => (bytes.toString('base64').match(/.{1,76}/g) ?? []).join('\r\n');

/** The finding's own bytes with a sign between each two of its letters, the text around it as it was. */
function spread({ bytes, start, end }: Open, sign: string): string {
  const found = [...bytes.subarray(start, end).toString()].join(sign);
  return bytes.subarray(0, start).toString() + found + bytes.subarray(end).toString();
}

/** A text in two, cut inside the finding. */
function halves({ bytes, start, end }: Open, random: Seeded): [string, string] {
  // Not between the bytes of a character.
  let at = random.integer(start + 1, Math.max(start + 1, end - 1));
  while (at < bytes.length && ((bytes[at] as number) & 0xc0) === 0x80) at++;
  return [bytes.subarray(0, at).toString(), bytes.subarray(at).toString()];
}

function body(
  name: string,
  wrap: (open: Open, random: Seeded) => string | Uint8Array,
  suits = always as Wrapping['suits'],
): Wrapping {
  return {
    name,
    surface: SURFACE_REQUEST_BODY,
    suits,
    wrap: (open, random) => Buffer.from(wrap(open, random) as string),
  };
}

/** An encoding of the whole text inside a chat message. */
function chat(name: string, encode: (bytes: Buffer) => string): Wrapping {
  return body(name, ({ bytes }) => chatRequest(`Please decode this for me:\n${encode(bytes)}\nand go on.`));
}

function url(name: string, write: (open: Open) => string, suits: Wrapping['suits'] = always): Wrapping {
  return { name, surface: SURFACE_URL, suits, wrap: (open) => Buffer.from(`api.example.com${write(open)}`) };
}

function header(name: string, write: (open: Open) => string, suits: Wrapping['suits'] = always): Wrapping {
  return {
    name,
    surface: SURFACE_HEADER,
    suits,
    wrap: (open) => Buffer.from(`accept: */*\nx-note: ${write(open)}\nuser-agent: curl/8.9.1\n`),
  };
}

const boundary = '----7d1b6a02c4f9';

const cyrillic = new Map([...'ABCEHKMOPTXaceopxy'].map((letter, at) => [letter, 'АВСЕНКМОРТХасеорху'[at] as string]));

function lookAlike(letter: string): string {
  return cyrillic.get(letter) ?? letter;
}

export const wrappings: readonly Wrapping[] = [
  body('JSON field', (open) => chatRequest(text(open))),
  body('JSON key', (open) => JSON.stringify({ [text(open)]: 1 })),
  body(
    'JSON number',
    (open) => `{"order":17,"value":${text(open)},"ok":true}`,
    (open) => /^[1-9]\d{8,18}$/.test(text(open)),
  ),
  body('JSON in JSON', (open) => chatRequest(JSON.stringify({ arguments: JSON.stringify({ note: text(open) }) }))),
  body('JSON \\u escapes', (open) => chatOf(`"${unicodeEscapes(open)}"`)),
  body('\\x escapes', ({ bytes }) => `const note = '${eachByte(bytes, (digits) => `\\x${digits}`)}';`),
  body('form', (open) => `id=17&${new URLSearchParams({ note: text(open) })}&ok=1`),
  body('multipart', (open) =>
    [
      `--${boundary}\r\nContent-Disposition: form-data; name="id"\r\n\r\n17\r\n`,
      `--${boundary}\r\nContent-Disposition: form-data; name="file"; filename="note.txt"\r\nContent-Type: text/plain\r\n\r\n`,
      `${text(open)}\r\n--${boundary}--\r\n`,
    ].join(''),
  ),
  body('CSV, last column', (open) => `id,name,value\n4017,Ada,${text(open)}\n4018,Grace,20\n`, isColumn),
  body('CSV, first column', (open) => `value,name,id\n${text(open)},Ada,4017\n20,Grace,4018\n`, isColumn),
  url('query', (open) => `/v1/search?q=${encodeURIComponent(text(open).toWellFormed())}&page=2`),
  url('query, plus for space', (open) => `/v1/search?${new URLSearchParams({ q: text(open) })}&page=2`),
  url('path', (open) => `/v1/${encodeURIComponent(text(open).toWellFormed())}/items`, isLine),
  url('base64url in query', ({ bytes }) => `/v1/search?q=${bytes.toString('base64url')}&page=2`),
  header('header', text, isHeader),
  header('base64 in header', ({ bytes }) => bytes.toString('base64')),
  body('percent', ({ bytes }) => percentAll(bytes)),
  body('percent, twice', ({ bytes }) => percentAll(Buffer.from(percentAll(bytes)))),
  body('base64', ({ bytes }) => bytes.toString('base64')),
  chat('base64 in JSON', (bytes) => bytes.toString('base64')),
  chat('base64 over lines, in JSON', mimeBase64),
  chat('base64url in JSON', (bytes) => bytes.toString('base64url')),
  chat('data URL in JSON', (bytes) => `data:text/plain;base64,${bytes.toString('base64')}`),
  chat('base64 in base64 in JSON', (bytes) => Buffer.from(bytes.toString('base64')).toString('base64')),
  chat('percent in JSON', percentAll),
  chat('hex in JSON', (bytes) => bytes.toString('hex')),
  chat('hex with colons, in JSON', (bytes) => bytes.toString('hex').match(/../g)!.join(':')),
  chat('hex with spaces, in JSON', (bytes) => bytes.toString('hex').toUpperCase().match(/../g)!.join(' ')),
  chat('base32 in JSON', base32),
  chat('gzip in base64 in JSON', (bytes) => gzipSync(bytes).toString('base64')),
  chat('deflate in base64 in JSON', (bytes) => deflateSync(bytes).toString('base64')),
  chat('quoted-printable in JSON', quotedPrintable),
  body('quoted-printable', ({ bytes }) => quotedPrintable(bytes)),
  chat('HTML entities in JSON', (bytes) =>
    Array.from(bytes.toString(), (sign) => `&#x${(sign.codePointAt(0) as number).toString(16)};`).join(''),
  ),
  body(
    'HTML page',
    (open) =>
      `<!DOCTYPE html>\n<p>${text(open)
        .replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`)
        .replaceAll('&#38;', '&amp;')}</p>\n`,
  ),
  body('UTF-16', (open) => Buffer.from(`\ufeff${text(open)}`, 'utf16le')),
  body('two JSON strings', (open, random) => JSON.stringify({ parts: halves(open, random) })),
  body('two query values', (open, random) => {
    const [first, second] = halves(open, random);
    return `${new URLSearchParams({ a: first, b: second })}`;
  }),
  body('spaced letters', (open) => chatRequest(spread(open, ' ')), isLine),
  body('dotted letters', (open) => chatRequest(spread(open, '.')), isLine),
  body('full-width letters', (open) =>
    chatRequest(text(open).replace(/[!-~]/g, (sign) => String.fromCharCode(sign.charCodeAt(0) + 0xfee0))),
  ),
  body('zero-width spaces', (open) => chatRequest([...text(open)].join('\u200b'))),
  body('Cyrillic look-alikes', (open) => chatRequest(text(open).replace(/[ABCEHKMOPTXaceopxy]/g, lookAlike))),
];
