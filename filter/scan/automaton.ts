// The automata of a table (layout.ts, AUTOMATA): a byte at a time, or their parts for a loop that reads them once.
import * as layout from '../table/layout';
import * as table from '../table/read';

/** The state of an automaton after one byte more. */
export function step(automaton: usize, state: u32, byte: u8): u32 {
  const cell = <usize>(state * columnsOf(automaton) + <u32>load<u8>(mapOf(automaton) + <usize>byte));
  const rows = rowsOf(automaton);
  return isNarrowOf(automaton) ? <u32>load<u8>(rows + cell) : <u32>load<u16>(rows + (cell << 1));
}

/** Which list of rules ends in a state of an automaton, or NO_LABEL. */
export function labelOf(automaton: usize, state: u32): u32 {
  return load<u8>(labelsOf(automaton) + state);
}

export function mapOf(automaton: usize): usize {
  return table.maps + <usize>load<u32>(automaton, layout.AUTOMATON_MAP);
}

export function rowsOf(automaton: usize): usize {
  return table.next + <usize>load<u32>(automaton, layout.AUTOMATON_NEXT);
}

export function labelsOf(automaton: usize): usize {
  return table.labels + <usize>load<u32>(automaton, layout.AUTOMATON_LABELS);
}

export function columnsOf(automaton: usize): u32 {
  return load<u16>(automaton, layout.AUTOMATON_COLUMNS);
}

export function isNarrowOf(automaton: usize): bool {
  return <u32>load<u16>(automaton, layout.AUTOMATON_STATES) <= <u32>layout.NARROW_STATES;
}
