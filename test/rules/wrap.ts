// Ways in which a text travels: each is what a client would write, and the view in which the filter must find it.
import { deflateSync, gzipSync } from 'node:zlib';

/** One way to write a text. */
export interface Wrapping {
  name: string;
  /** How the view begins in which the text is found; undefined where the raw text may still show it. */
  view: string | undefined;
  /** Set where pieces of the text stand by themselves: one of them may be a secret and the whole none. */
  isCut?: true;
  /** The text written so. `shift` moves it by that many bytes, in the way that suits the encoding. */
  wrap(text: string, shift: number): string;
}

/** `shift` spaces: they stand beside any token. */
const space = (shift: number) => ' '.repeat(shift);
const base64 = (text: string) => Buffer.from(text).toString('base64');
const base64url = (text: string) => Buffer.from(text).toString('base64url');
/** Every byte as %XX. */
const percent = (text: string) =>
  [...Buffer.from(text)].map((byte) => `%${byte.toString(16).padStart(2, '0').toUpperCase()}`).join('');
/** Every UTF-16 unit as \uXXXX. */
const unicode = (text: string) =>
  text.replace(/[\s\S]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
/** A JSON string in an object; the line break before it makes sure that there is an escape to open. */
const json = (text: string) => JSON.stringify({ content: `\n${text}` }).replaceAll('/', '\\/');

const hexDigits = (text: string) => Buffer.from(text).toString('hex');
const hexPairs = (text: string) => hexDigits(text).match(/../g) ?? [];
/** Every character by its number, decimal and hexadecimal in turn. */
const entities = (text: string) =>
  [...text].map((c, i) => (i % 2 ? `&#${c.codePointAt(0)};` : `&#x${c.codePointAt(0)!.toString(16)};`)).join('');
/** RFC 4648 section 6. */
export function base32(text: string): string {
  const bits = [...Buffer.from(text)].map((byte) => byte.toString(2).padStart(8, '0')).join('');
  const letters = bits.match(/.{1,5}/g) ?? [];
  return letters.map((five) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'[Number.parseInt(five.padEnd(5, '0'), 2)]).join('');
}
/** Quoted-printable as a mail program writes it, or every byte of it, on lines of `width`. */
export function quotedPrintable(text: string, width = 76, all = false): string {
  const pieces = [...Buffer.from(text)].map((byte) => {
    const isPlain = !all && byte > 31 && byte < 127 && byte !== 61;
    return isPlain ? String.fromCharCode(byte) : `=${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  });
  let line = 0;
  return pieces
    .map((piece) => {
      if (line + piece.length < width) {
        line += piece.length;
        return piece;
      }
      line = piece.length;
      return `=\r\n${piece}`;
    })
    .join('');
}
const lines = (text: string, width: number, between: string) =>
  (text.match(new RegExp(`.{1,${width}}`, 'g')) ?? []).join(between);
const utf16be = (text: string) => Buffer.from(text, 'utf16le').swap16().toString('latin1');

/** Bytes by their numbers, in four ways to write a list of them. */
const codes = (text: string, shift: number) => {
  const bytes = [...Buffer.from(text)];
  if (shift % 4 === 0) return `[${bytes.join(',')}]`;
  if (shift % 4 === 1) return JSON.stringify({ note: bytes }, null, 4);
  if (shift % 4 === 2) return bytes.map((byte) => `chr(${byte})`).join('+');
  return bytes.map((byte) => byte.toString(2).padStart(8, '0')).join(' ');
};
/** Graphic ASCII in its full-width forms (U+FF01 to U+FF5E). */
const fullWidth = (text: string) =>
  text.replace(/[!-~]/g, (character) => String.fromCharCode(character.charCodeAt(0) + 0xfee0));
/** Letters and digits as mathematical bold ones (U+1D400, U+1D7CE). */
const bold = (text: string) =>
  text.replace(/[A-Za-z0-9]/g, (character) => {
    const code = character.charCodeAt(0);
    return String.fromCodePoint(code + (code < 0x40 ? 0x1d7ce - 0x30 : code < 0x60 ? 0x1d400 - 0x41 : 0x1d41a - 0x61));
  });

export const wrappings: readonly Wrapping[] = [
  { name: 'raw', view: '', wrap: (text, shift) => space(shift) + text },
  { name: 'JSON string', view: undefined, wrap: (text, shift) => space(shift) + json(text) },
  { name: 'JSON escapes', view: 'json', wrap: (text, shift) => `${space(shift)}{"content":"${unicode(text)}"}` },
  { name: 'percent', view: 'percent', wrap: (text, shift) => `${space(shift)}q=${percent(text)}` },
  {
    name: 'form',
    view: undefined,
    wrap: (text, shift) => `${space(shift)}q=${encodeURIComponent(text.toWellFormed())}`,
  },
  { name: 'base64', view: 'base64', wrap: (text, shift) => space(shift) + base64(padded(text, shift)) },
  { name: 'base64url', view: 'base64', wrap: (text, shift) => `${space(shift)}"${base64url(padded(text, shift))}"` },
  {
    name: 'JSON in JSON',
    view: 'json+json',
    wrap: (text, shift) => space(shift) + json(`{"content":"${unicode(text)}"}`),
  },
  {
    name: 'base64 in JSON',
    view: 'json+base64',
    wrap: (text, shift) => space(shift) + json(base64(padded(text, shift))),
  },
  { name: 'codes of characters', view: 'decimal', wrap: (text, shift) => codes(padded(text, shift), shift) },
  { name: 'full width', view: 'ascii', wrap: (text, shift) => space(shift) + fullWidth(text) },
  { name: 'mathematical letters', view: undefined, wrap: (text, shift) => space(shift) + bold(text) },
  {
    name: 'characters that are not seen',
    view: 'ascii',
    wrap: (text, shift) => space(shift) + [...text].join(['\u200b', '\u00ad', '\u2060\ufe0f'][shift % 3]),
  },
  { name: 'percent in JSON', view: 'json+percent', wrap: (text, shift) => space(shift) + json(percent(text)) },
  {
    name: 'base64 in percent',
    view: 'percent+base64',
    wrap: (text, shift) => space(shift) + percent(base64(padded(text, shift))),
  },
  {
    name: 'base64 in MIME lines',
    view: 'base64',
    wrap: (text, shift) => `Content: x\r\n\r\n${lines(base64(padded(text, shift).repeat(3)), 76, '\r\n')}`,
  },
  {
    name: 'base64 in lines of JSON',
    isCut: true,
    view: undefined,
    wrap: (text, shift) => JSON.stringify({ key: `${lines(base64(padded(text, shift)), 50 + (shift % 20), '\n  ')}` }),
  },
  {
    name: 'base64 behind a name',
    view: 'base64',
    wrap: (text, shift) => `${['a', '/echo', '_', 'name-'][shift % 4]}/${base64(padded(text, shift))}`,
  },
  {
    name: 'hex',
    view: 'hex',
    wrap: (text, shift) => `${['', 'x', 'key_', '0x'][shift % 4]}${hexDigits(padded(text, shift))}`,
  },
  {
    name: 'hex in pairs',
    view: 'hex',
    wrap: (text, shift) =>
      space(shift) +
      (shift % 2 ? ':' : '[0x') +
      hexPairs(padded(text, shift)).join(
        [':', ', 0x', '-', ',0x', ' '][shift % 2 ? ((shift >> 1) % 2 === 0 ? 0 : 4) : 1],
      ),
  },
  {
    name: 'base32',
    view: 'base32',
    wrap: (text, shift) =>
      space(shift) + (shift % 2 ? base32(padded(text, shift)).toLowerCase() : base32(padded(text, shift))),
  },
  { name: 'entities', view: 'entity', wrap: (text, shift) => `${space(shift)}"${entities(text)}"` },
  {
    name: 'quoted-printable',
    isCut: true,
    view: undefined,
    wrap: (text, shift) => `${space(shift)}a=3Db\r\n${quotedPrintable(text, 20 + (shift % 57), shift % 2 === 0)}`,
  },
  {
    name: 'UTF-16',
    view: 'utf16',
    wrap: (text, shift) => space(shift) + Buffer.from(text, 'utf16le').toString('latin1'),
  },
  { name: 'UTF-16, big-endian', view: 'utf16', wrap: (text, shift) => `${space(shift)}\xfe\xff${utf16be(text)}` },
  {
    name: 'hexadecimal escapes',
    view: 'json',
    wrap: (text, shift) => `${space(shift)}'\\x${hexPairs(text).join('\\x')}'`,
  },
  {
    name: 'base64 of UTF-16',
    view: 'base64',
    wrap: (text, shift) => space(shift) + Buffer.from(padded(text, shift), 'utf16le').toString('base64'),
  },
  {
    name: 'gzip in base64',
    view: 'base64+deflate',
    wrap: (text, shift) => space(shift) + gzipSync(text).toString('base64'),
  },
  {
    name: 'zlib in hex',
    view: 'hex+deflate',
    wrap: (text, shift) => `${space(shift)}"${deflateSync(text).toString('hex')}"`,
  },
  {
    name: 'hex in base64',
    view: 'base64+hex',
    wrap: (text, shift) => space(shift) + base64(padded(hexDigits(padded(text, shift)), shift)),
  },
  {
    name: 'base64 in JSON in base64',
    view: 'base64',
    wrap: (text, shift) => space(shift) + base64(json(base64(padded(text, shift)))),
  },
];

/** A run of base64 is opened from 18 bytes on; and the text stands at each of its three phases. */
function padded(text: string, shift: number): string {
  return `${space(12 + (shift % 3))}${text}`;
}
