/** Which errors are the user's to mend, and their text. */
import { EnvoyError } from '../../envoy/find.ts';
import { SystemRootsError } from '../certs/bundle.ts';
import { AuthorityError } from '../certs/ca.ts';
import { CompileError, TableTooLarge } from '../compile/plan.ts';
import { ConfigError } from '../config/problem.ts';
import { RuleError } from '../rules/rule.ts';
import { StartError } from './options.ts';

const explained = [
  ConfigError,
  RuleError,
  CompileError,
  TableTooLarge,
  StartError,
  SystemRootsError,
  AuthorityError,
  EnvoyError,
];

/** The problem as a person should see it; undefined where it is a bug of ours, whose stack is worth more. */
export function explainStart(error: unknown): string | undefined {
  return explained.some((kind) => error instanceof kind) ? (error as Error).message : undefined;
}
