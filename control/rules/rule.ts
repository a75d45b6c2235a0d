import type { Phrase } from './phrase.ts';

/** How much a leak costs. */
export const severities = ['critical', 'high', 'medium', 'low'] as const;
export type Severity = (typeof severities)[number];

/** How sure a finding is: balanced mode blocks `high` and warns on `low`. */
export const confidences = ['high', 'low'] as const;
export type Confidence = (typeof confidences)[number];

/** Checks that turn a hit into a finding where the pattern alone cannot: see check-digits.ts, wallet.ts and randomness.ts. */
export const validators = [
  'luhn',
  'iban',
  'aba',
  'ssn',
  'itin',
  'random',
  'named-random',
  'url-password',
  'password',
  'mixed-password',
  'base58-check',
  'bip39',
  'address',
] as const;
export type Validator = (typeof validators)[number];

/**
 * What a rule is about: the folder of its file, or for what is found in no text the first word of its id. A user's own
 * patterns and exact values look for secrets.
 */
export const categories = [
  'credential',
  'financial',
  'injection',
  'tool-poison',
  'drift',
  'pin',
  'session',
  'chain',
  'entropy',
  'address',
  'response',
] as const;
export type Category = (typeof categories)[number];

/** The category of the rule with this id. */
export function categoryOf(id: string): Category {
  return categories.find((category) => id.startsWith(`${category}.`)) ?? 'credential';
}

/** What a rule of tool policy meets: calls of a tool of this name, with such an argument. undefined: any. */
export interface ToolMatch {
  name?: string | undefined;
  argument?: string | undefined;
  /** The key of the argument. */
  key?: string | undefined;
  /** Instead of an argument's pattern: any that is a URL of a private address. Then `key` says which may be a host alone. */
  namesPrivateAddress?: true;
  /** What the operator says; undefined: the section's action, or the mode. */
  action?: 'allow' | 'warn' | 'block' | 'redirect' | undefined;
  /** The profile whose handler answers such a call, where it is redirected. */
  redirect?: string | undefined;
}

/** One detection, read from an entry of a rule file. */
export interface Rule {
  /** Folder, file and entry, joined by dots: `credential.stripe.secret-key`. */
  id: string;
  title: string;
  /** What whoever holds the value can do with it. */
  risk: string;
  severity: Severity;
  confidence: Confidence;
  /** A regular expression over bytes, in the syntax that control/compile accepts. An entry's `name` is part of it. */
  pattern: string;
  /** What is looked for instead of a pattern: any of these. */
  phrases?: Phrase[];
  /** The issuer's page that says what the value looks like. */
  source: string;
  /** Texts that the rule must find, and texts that it must not. Never logged, never written to a file. */
  match: string[];
  reject: string[];
  validator?: Validator;
  /** Lower-case texts; one of them in a hit, 64 bytes before or 32 after it makes a low confidence high. */
  near: string[];
  /** Without one of the `near` words a hit is no finding; with one it has the rule's confidence. */
  nearRequired: boolean;
  /**
   * Values that the rule knows, letters and digits alone: card numbers that are published for tests, which are found like
   * real ones though a person made them up; addresses of wallets that are no finding.
   */
  samples: string[];
  /**
   * Host patterns of the issuer's own API, which takes the value there: in the URL, or in the body. On its way to one of
   * them over verified TLS it is the caller's own credential.
   */
  ownUrlHosts: string[];
  ownBodyHosts: string[];
  /** Sites hand the value out to their own clients, in a cookie or a header for it: there, in an answer, it is no finding. */
  ownCookie: boolean;
  /** Host patterns: on the way to one of them, and in what comes back, the rule finds nothing. */
  exemptHosts: string[];
  /** Exact values that are looked for instead of a pattern, 8 bytes or more each; none where control says what is found. Never logged, never written to a file. */
  values?: Uint8Array[];
  /** Ids of rules that may find the same bytes as this rule's `match` texts. */
  also: string[];
  /** Of a rule of tool policy, which has no pattern: the calls that it meets. */
  tool?: ToolMatch;
  /** Of a rule that looks for calls of tools in a row: the categories of the tools, and what the operator says. */
  toolChain?: { sequence: string[]; action?: 'warn' | 'block' | undefined };
  /** Where the entry stands: `rules/credential/stripe.yaml:3`. */
  place: string;
}

/** One thing that is wrong in a rule file. */
export interface RuleProblem {
  code: 'yaml' | 'shape' | 'name' | 'pattern' | 'phrase' | 'term' | 'near' | 'also' | 'empty';
  /** `rules/credential/stripe.yaml:12` */
  place: string;
  /** `secret-key.match[1]`, or empty where the whole file is meant. */
  key: string;
  /** What is wrong, with the value; what to do. */
  text: string;
}

/** What a rule has that no rule file holds: no examples, no context, no hosts. */
export const unwritten: Omit<Rule, 'id' | 'title' | 'severity' | 'confidence' | 'place'> = {
  risk: '',
  pattern: '',
  source: '',
  match: [],
  reject: [],
  near: [],
  nearRequired: false,
  samples: [],
  ownUrlHosts: [],
  ownBodyHosts: [],
  ownCookie: false,
  exemptHosts: [],
  also: [],
};

/** Everything that is wrong in the rule files, one problem a line in `message`. */
export class RuleError extends Error {
  override readonly name = 'RuleError';
  readonly problems: RuleProblem[];

  constructor(problems: RuleProblem[]) {
    super(problems.map(({ place, key, text }) => `${place}: ${key === '' ? '' : `${key}: `}${text}`).join('\n'));
    this.problems = problems;
  }
}
