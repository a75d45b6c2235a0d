// Ways in which a text travels: each is what a client would write, and the view in which the filter must find it.

/** One way to write a text. */
export interface Wrapping {
  name: string;
  /** How the view begins in which the text is found; undefined where the raw text may still show it. */
  view: string | undefined;
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
  { name: 'percent in JSON', view: 'json+percent', wrap: (text, shift) => space(shift) + json(percent(text)) },
  {
    name: 'base64 in percent',
    view: 'percent+base64',
    wrap: (text, shift) => space(shift) + percent(base64(padded(text, shift))),
  },
  {
    name: 'base64 in JSON in base64',
    view: 'base64+json+base64',
    wrap: (text, shift) => space(shift) + base64(json(base64(padded(text, shift)))),
  },
];

/** A run of base64 is opened from 18 bytes on; and the text stands at each of its three phases. */
function padded(text: string, shift: number): string {
  return `${space(12 + (shift % 3))}${text}`;
}
