/**
 * Addresses of wallets that money may go to: address_protection. Whoever sends from an address that looks like one that is
 * known (the same beginning, the same end) hopes that it is taken for it later: nobody reads the middle.
 */

import { quote } from '../config/complaint.ts';
import type { KeyComplaint } from '../config/explain.ts';
import type { Config } from '../config/schema.ts';
import { type Rule, unwritten } from './rule.ts';

type Section = Config['address_protection'];
type Chain = keyof Section['chains'];

/** A way to write addresses. */
interface Form {
  chains: readonly Chain[];
  /** Fixed text that one begins with, and what each character behind it may be. */
  start: string;
  character: string;
  /** Characters behind the start. */
  least: number;
  most: number;
  /** Whether capitals mean the same. */
  isFolded: boolean;
}

const base58 = '[1-9A-HJ-NP-Za-km-z]';
const bech32 = '[02-9AC-HJ-NP-Zac-hj-np-z]';
/** https://eips.ethereum.org/EIPS/eip-55, BIP-173 and BIP-350, BEP-3, BIP-13, https://solana.com/docs/core/accounts */
const forms: readonly Form[] = [
  { chains: ['eth', 'bnb'], start: '0x', character: '[0-9A-Fa-f]', least: 40, most: 40, isFolded: true },
  { chains: ['btc'], start: 'bc1', character: bech32, least: 11, most: 71, isFolded: true },
  { chains: ['bnb'], start: 'bnb1', character: bech32, least: 38, most: 38, isFolded: true },
  { chains: ['btc'], start: '1', character: base58, least: 25, most: 33, isFolded: false },
  { chains: ['btc'], start: '3', character: base58, least: 25, most: 33, isFolded: false },
  { chains: ['sol'], start: '', character: base58, least: 32, most: 44, isFolded: false },
];

/** Addresses whose look-alikes are looked for: the pattern has an alternative for each. */
const maxAddresses = 64;

export const unknownAddressRuleId = 'address.unknown';

/** The rules of the section; none where it is off, or nothing is known and nothing unknown counts. */
export function addressRulesOf(section: Section): Rule[] {
  if (!section.enabled) return [];
  const known = section.allowed_addresses.map((text) => ({ text, form: formOf(text) as Form }));
  const rule = (id: string, title: string, pattern: string): Rule => ({
    ...unwritten,
    id,
    title,
    risk: 'money goes to somebody else, and nobody can call it back',
    severity: 'critical',
    confidence: 'high',
    pattern,
    validator: 'address',
    samples: known.map(({ text, form }) => (form.isFolded ? text.toLowerCase() : text)),
    place: id,
  });
  const lookAlikes = known.map(({ text, form }) => lookAlike(text, form, section.similarity));
  const strangers = forms.filter((form) => form.start !== '' && isOn(form, section)).map(anyOf);
  return [
    ...(lookAlikes.length === 0
      ? []
      : [rule('address.look-alike', 'a wallet address that looks like a known one', choice([...new Set(lookAlikes)]))]),
    ...((section.unknown_action ?? 'allow') === 'allow' || strangers.length === 0
      ? []
      : [rule(unknownAddressRuleId, 'a wallet address that is not known', choice(strangers))]),
  ];
}

/** Complaints about the section. */
export function checkAddresses({ address_protection: section }: Config): KeyComplaint[] {
  if (!section.enabled) return [];
  const complain = (path: (string | number)[], on: KeyComplaint['on'], rest: Omit<KeyComplaint, 'path' | 'on'>) => ({
    path: ['address_protection', ...path],
    on,
    ...rest,
  });
  const { allowed_addresses: known, similarity, unknown_action = 'allow', chains } = section;
  const nothing =
    known.length === 0 && unknown_action === 'allow'
      ? [
          complain(['enabled'], 'value', {
            code: 'not-allowed',
            message: 'no address is known that another could look like, and unknown_action lets all pass',
            remedy: 'list addresses in allowed_addresses, or write unknown_action: warn or block',
          }),
        ]
      : [];
  const tooMany =
    known.length > maxAddresses
      ? [
          complain(['allowed_addresses'], 'key', {
            code: 'out-of-range',
            message: `${known.length} addresses`,
            remedy: `keep to ${maxAddresses}`,
          }),
        ]
      : [];
  const solana =
    chains.sol && unknown_action !== 'allow'
      ? [
          complain(['chains', 'sol'], 'value', {
            code: 'not-allowed',
            message: 'an address of Solana has no beginning and no checksum that would tell it from any other text',
            remedy:
              'leave it off, or write unknown_action: allow; look-alikes of those that are listed are found all the same',
          }),
        ]
      : [];
  return [
    ...nothing,
    ...tooMany,
    ...solana,
    ...known.flatMap((text, i) => {
      const form = formOf(text);
      if (!form)
        return [
          complain(['allowed_addresses', i], 'value', {
            code: 'not-allowed',
            message: `${quote(text)} is no address of Ethereum, Bitcoin, BNB or Solana`,
            remedy: 'write it whole, as the wallet shows it',
          }),
        ];
      const kept = similarity.prefix_length + similarity.suffix_length;
      if (kept < text.length - form.start.length) return [];
      return [
        complain(['similarity'], 'key', {
          code: 'out-of-range',
          message: `${quote(text)} has no more than ${kept} characters behind "${form.start}"`,
          remedy: 'write a smaller prefix_length or suffix_length, such as 4',
        }),
      ];
    }),
  ];
}

function isOn(form: Form, { chains }: Section): boolean {
  return form.chains.some((chain) => chains[chain]);
}

function formOf(text: string): Form | undefined {
  return forms.find((form) => new RegExp(`^${anyOf(form)}$`).test(text));
}

function anyOf({ start, character, least, most, isFolded }: Form): string {
  return `${literal(start, isFolded)}${character}{${least},${most}}`;
}

/** What begins and ends as an address does. */
function lookAlike(text: string, form: Form, { prefix_length, suffix_length }: Section['similarity']): string {
  const { start, character, isFolded } = form;
  const rest = text.length - start.length - prefix_length - suffix_length;
  // A number in base 58 may be a digit longer or shorter.
  const count = isFolded ? `{${rest}}` : `{${Math.max(1, rest - 2)},${rest + 2}}`;
  const head = text.slice(0, start.length + prefix_length);
  return `${literal(head, isFolded)}${character}${count}${literal(text.slice(-suffix_length), isFolded)}`;
}

function literal(text: string, isFolded: boolean): string {
  if (!isFolded) return text;
  return text.replace(/[A-Za-z]/g, (letter) => `[${letter.toUpperCase()}${letter.toLowerCase()}]`);
}

function choice(patterns: readonly string[]): string {
  return `\\b(?:${patterns.join('|')})\\b`;
}
