// The ids that an answer of ours repeats from the request.
import { forgetId, idCount, idLength, idStart } from '../mcp/message';
import { hasFindings } from './judge';
import { appendText, beginText, textLength, textStart } from './text';

/** Looks at the ids that an answer of ours would repeat: one that holds a finding is not repeated. */
export function maskIds(surface: i32): void {
  for (let i: u32 = 0; i < idCount; i++) {
    // Nothing that a rule finds is shorter than a bank routing number in quotes.
    if (idLength(i) < 9) continue;
    beginText(idLength(i));
    appendText(idStart(i), idLength(i));
    if (hasFindings(textStart(), textLength(), surface)) forgetId(i);
  }
}
