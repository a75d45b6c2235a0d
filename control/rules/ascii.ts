/**
 * What characters outside ASCII are to whoever reads them: full-width, mathematical, circled and other forms of ASCII (Unicode
 * Standard Annex 15, NFKC), letters of other scripts that look like Latin ones (after Unicode Technical Standard 39), and
 * characters that nobody sees. A secret written with them is one still: it is read, and put back, by a model or a short program.
 */
import { lookAlike } from './normalise.ts';

/** Code points in a row that are read as ASCII characters in a row, or as nothing. */
export interface AsciiRun {
  first: number;
  count: number;
  /** Code of the first one's character; 0 where the run is not seen. */
  ascii: number;
  /** Whether it is letters of another script: then it may be just that. */
  isLookAlike: boolean;
}

/** Capitals and further letters, each before what it looks like; small Cyrillic and Greek ones are in normalise.ts. */
const pairs = `
  АA ВB СC ԌG ЕE НH ІI ЈJ КK МM ОO РP ԚQ ЅS ТT ԜW ХX УY ҮY ӀI ΑA ΒB ϹC ΕE ΗH ΙI ͿJ ΚK ΜM ΝN ΟO ΡP ΤT ΧX ΥY ΖZ ϲc ϳj
  օo սu հh ոn ցg զq ՕO ՏS ᎪA ᏴB ᏟC ᎠD ᎬE ᏀG ᎻH ᎥI ᎫJ ᏦK ᏞL ᎷM ᏢP ᎡR ᏚS ᎢT ᏙV ᎳW ᏃZ
  ıi ɑa ɡg ɩi ᴀa ʙb ᴄc ᴅd ᴇe ꜰf ɢg ʜh ɪi ᴊj ᴋk ʟl ᴍm ɴn ᴏo ᴘp ʀr ꜱs ᴛt ᴜu ᴠv ᴡw ʏy ᴢz ‐- ‑- ‒- –- —- −-`;
const further = new Map(
  pairs
    .trim()
    .split(/\s+/)
    .map((pair) => [...pair] as [string, string]),
);

/** Letters in boxes and on discs, and those of flags, in the order of the alphabet: no form of ASCII, and read as it. */
const alphabets = [0x1f150, 0x1f170, 0x1f1e6];
/** Tags: a copy of ASCII that is not seen, which models read all the same. */
const [firstTag, lastTag] = [0xe0020, 0xe007e];

const hidden = /\p{Default_Ignorable_Code_Point}|\p{Script=Inherited}/u;

/** The runs of all code points outside ASCII, in ascending order; what is in none is what it is. */
export function asciiRuns(): AsciiRun[] {
  const runs: AsciiRun[] = [];
  for (let code = 0x80; code <= 0x10ffff; code++) {
    const ascii = asciiOf(code);
    if (ascii === undefined) continue;
    const isLookAlike = ascii.isLookAlike ?? false;
    const last = runs.at(-1);
    const goesOn = last && code === last.first + last.count && isLookAlike === last.isLookAlike;
    if (goesOn && ascii.code === (last.ascii === 0 ? 0 : last.ascii + last.count)) last.count++;
    else runs.push({ first: code, count: 1, ascii: ascii.code, isLookAlike });
  }
  return runs;
}

function asciiOf(code: number): { code: number; isLookAlike?: boolean } | undefined {
  // Halves of pairs are no characters.
  if (code >= 0xd800 && code < 0xe000) return undefined;
  if (code >= firstTag && code <= lastTag) return { code: code - firstTag + 0x20 };
  const alphabet = alphabets.find((first) => code >= first && code < first + 26);
  if (alphabet !== undefined) return { code: 0x41 + code - alphabet };
  const character = String.fromCodePoint(code);
  if (hidden.test(character)) return { code: 0 };
  const form = character.normalize('NFKC');
  if (/^[!-~]$/.test(form)) return { code: form.charCodeAt(0) };
  const looks = further.get(character) ?? lookAlike(character);
  return looks === undefined ? undefined : { code: looks.charCodeAt(0), isLookAlike: true };
}
