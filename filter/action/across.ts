// What a client sends in several requests or messages, judged together: pieces of a secret (pieces.ts), and how much of it looks
// drawn (budget.ts).
import * as layout from '../table/layout';
import { answerFinding } from './answer';
import { countValues, isOverBudget, openBudget } from './budget';
import { Exchange } from './exchange';
import { refuse } from './judge';
import { arePiecesBlocked, collectPieces, openPieces } from './pieces';

/** Gets ready for texts of the exchange. Called before noteAcross, whose text may lie in the host buffer. */
export function openAcross(exchange: Exchange): void {
  openPieces();
  openBudget(exchange);
}

/** Notes the values of a text. */
export function noteAcross(start: usize, length: u32, isUrl: bool): void {
  collectPieces(start, length, isUrl);
  countValues(start, length, isUrl);
}

/** Judges what was noted. True where policy blocks it, and the exchange was answered. */
export function judgeAcross(exchange: Exchange, surface: i32): bool {
  if (arePiecesBlocked(exchange, surface)) {
    answerFinding(exchange, surface);
    return true;
  }
  return isOverBudget() && refuse(exchange, layout.UNREADABLE_ENTROPY_BUDGET);
}
