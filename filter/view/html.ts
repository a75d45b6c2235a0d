// The text of HTML without its markup: what a page shows where a tag or a comment stands in the middle of words, `ign<i></i>ore
// <b>all</b>`. Names of tags are known, so that `Array<string>` is none.
import { findByte } from './find-byte';

/** A longer tag or comment is text that nobody closed. */
const TAG_WITHIN: usize = 1024;
const COMMENT_WITHIN: usize = 16384;

/** Elements that stand in a line, and those that end one (HTML Living Standard, sections 4.5 and 15.3; obsolete ones of 16.2). */
const INLINE_NAMES =
  ' a abbr acronym b bdi bdo big cite code data del dfn em font i ins kbd label mark q s samp small span strike strong sub sup tt u var wbr ';
const BLOCK_NAMES =
  ' article aside blockquote body br button caption center dd details div dl dt footer form h1 h2 h3 h4 h5 h6 head header hr html img input li main nav ol option p pre section summary table tbody td th thead title tr ul ';

/** What a tag is to the words beside it. */
const NO_TAG: u32 = 0;
/** Part of a line: words go on across it. */
const INLINE: u32 = 1;
/** Ends a line or a cell. */
const BLOCK: u32 = 2;
const COMMENT: u32 = 3;

// Where the next `>` and the next `-->` stand that were looked for: of many that are open each is searched for once.
let tagClose: usize = 0;
let commentClose: usize = 0;

/** Whether the text holds a tag or a comment. */
export function hasMarkup(start: usize, end: usize): bool {
  tagClose = 0;
  commentClose = 0;
  for (let p = nextAngle(start, end); p < end; p = nextAngle(p + 1, end)) if (markupAt(p, end) != NO_TAG) return true;
  return false;
}

/** Writes the text without tags and comments to `out`; gives the end. No longer than the text. */
export function openMarkup(start: usize, end: usize, out: usize): usize {
  tagClose = 0;
  commentClose = 0;
  for (let p = start; p < end; ) {
    const next = nextAngle(p, end);
    memory.copy(out, p, next - p);
    out += next - p;
    p = next;
    if (p >= end) break;
    const kind = markupAt(p, end);
    if (kind == NO_TAG) {
      store<u8>(out++, load<u8>(p++));
      continue;
    }
    if (kind == BLOCK) store<u8>(out++, 0x20);
    p = markupEnd;
  }
  return out;
}

/** Behind what markupAt has found. */
let markupEnd: usize = 0;

/** What begins at the `<` at `p`. */
function markupAt(p: usize, end: usize): u32 {
  if (load<u32>(p) == 0x2d2d213c) {
    if (commentClose < p + 4) commentClose = commentEnd(p + 4, end);
    markupEnd = commentClose + 3;
    return commentClose < end && commentClose - p < COMMENT_WITHIN ? COMMENT : NO_TAG;
  }
  let at = p + 1;
  if (load<u8>(at) == 0x2f) at++;
  const kind = kindOf(at, end);
  if (kind == NO_TAG) return NO_TAG;
  if (tagClose < at) tagClose = findByte(at, end, 0x3e);
  if (tagClose >= end || tagClose - p > TAG_WITHIN) return NO_TAG;
  markupEnd = tagClose + 1;
  return kind;
}

/** What the element is whose name stands at `p`. */
function kindOf(p: usize, end: usize): u32 {
  let length: usize = 0;
  while (p + length < end && isName(load<u8>(p + length))) length++;
  const next = load<u8>(p + length);
  if (length == 0 || (next > 0x20 && next != 0x3e && next != 0x2f)) return NO_TAG;
  if (isIn(INLINE_NAMES, p, length)) return INLINE;
  return isIn(BLOCK_NAMES, p, length) ? BLOCK : NO_TAG;
}

/** Whether the name at `p` stands among names with blanks round them. */
function isIn(names: string, p: usize, length: usize): bool {
  for (let at = 0; at + 1 < names.length; ) {
    let i = 0;
    while (<usize>i < length && names.charCodeAt(at + 1 + i) == (<i32>load<u8>(p + <usize>i) | 0x20)) i++;
    if (<usize>i == length && names.charCodeAt(at + 1 + i) == 0x20) return true;
    do at++;
    while (at + 1 < names.length && names.charCodeAt(at) != 0x20);
  }
  return false;
}

function isName(c: u8): bool {
  return ((c | 0x20) >= 0x61 && (c | 0x20) <= 0x7a) || (c >= 0x31 && c <= 0x36);
}

function commentEnd(p: usize, end: usize): usize {
  for (; p + 3 <= end; p++) if (load<u16>(p) == 0x2d2d && load<u8>(p, 2) == 0x3e) return p;
  return end;
}

function nextAngle(p: usize, end: usize): usize {
  return findByte(p, end, 0x3c);
}
