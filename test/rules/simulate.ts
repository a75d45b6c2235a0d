// What a pattern matches, by stepping sets of places through its parsed form: no automaton, no prefilter, no longest
// match, nothing of control/compile but the parser. The measure for the table on any pattern.
import type { Node, Pattern } from '../../control/compile/pattern.ts';

/** A place where a pattern matches; offsets count bytes. */
export interface Match {
  start: number;
  end: number;
}

/** All matches in a text: every start, every end. `edges` false leaves out what may stand beside a match. */
export function matchesIn(pattern: Pattern, text: Uint8Array, edges = true): Match[] {
  const matches: Match[] = [];
  for (let start = 0; start < text.length; start++) {
    if (edges && start > 0 && pattern.notBefore[text[start - 1]!] === 1) continue;
    for (const end of endsOf(pattern.body, text, new Set([start])))
      if (!edges || end === text.length || pattern.notAfter[text[end]!] === 0) matches.push({ start, end });
  }
  return matches;
}

/** The places where a sequence may end that begins at any of `from`. */
function endsOf(items: readonly Node[], text: Uint8Array, from: Set<number>): Set<number> {
  let at = from;
  for (const node of items) {
    if (at.size === 0) break;
    at = endsOfNode(node, text, at);
  }
  return at;
}

function endsOfNode(node: Node, text: Uint8Array, from: Set<number>): Set<number> {
  switch (node.kind) {
    case 'bytes':
      return new Set([...from].filter((at) => at < text.length && node.set[text[at]!] === 1).map((at) => at + 1));
    case 'sequence':
      return endsOf(node.items, text, from);
    case 'choice':
      return new Set(node.options.flatMap((option) => [...endsOf([option], text, from)]));
    case 'repeat': {
      const ends = new Set(node.least === 0 ? from : []);
      let at = from;
      // A round that adds nothing new past the least count never will; texts are short, so this is the bound.
      for (let count = 1; count <= node.most && at.size > 0; count++) {
        at = endsOfNode(node.item, text, at);
        const before = ends.size;
        if (count >= node.least) for (const end of at) ends.add(end);
        if (count > node.least && ends.size === before) break;
      }
      return ends;
    }
  }
}
