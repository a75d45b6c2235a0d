/** The parts of the measurement, in the order in which they are printed. */
import { benign } from './benign.ts';
import { chunked } from './chunked.ts';
import { drift } from './drift.ts';
import { financial } from './financial.ts';
import { injection } from './injection.ts';
import type { Part } from './part.ts';
import { secrets } from './secrets.ts';
import { tools } from './tools.ts';
import { wrapped } from './wrapped.ts';

export const parts: readonly Part[] = [secrets, financial, benign, wrapped, chunked, injection, tools, drift];
