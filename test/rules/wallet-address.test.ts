// address_protection: addresses that look like a known one, and such as are not known, through the table and the scanner.
import { expect, test } from 'vitest';
import { readConfig } from '../../control/config/read.ts';
import { referenceScanner } from '../../control/rules/reference.ts';
import { addressRulesOf, checkAddresses } from '../../control/rules/wallet-address.ts';
import { Scanner } from './scanner.ts';
import { compileRules, policyOf } from './table.ts';
import { wrappings } from './wrap.ts';

// Examples of EIP-55, BIP-173, BIP-350 and the genesis block.
const ether = '0x52908400098527886E0F7030069857D2E4169EE7';
const segwit = 'bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4';
const taproot = 'bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqzk5jj0';
const genesis = '1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa';
const system = 'Vote111111111111111111111111111111111111111';
const like = (address: string, start: number, end: number, middle: string) =>
  address.slice(0, start) + middle.slice(0, address.length - start - end) + address.slice(-end);
const etherLike = like(ether, 6, 4, '7c1d83f0'.repeat(5));

const scanner = await Scanner.load(compileRules([]).table);

/** What is found in texts, under `address_protection` of so much. */
function finder(section: string) {
  const { config } = readConfig(`address_protection: { enabled: true, ${section} }`, 'p.yaml', [checkAddresses]);
  const rules = addressRulesOf(config.address_protection);
  const refusal = scanner.loadTable(
    compileRules(rules, 'address_protection: { enabled: true, unknown_action: warn }').table,
  );
  if (refusal !== undefined) throw new Error(refusal);
  const reference = referenceScanner(rules);
  return (text: string) => {
    const found = scanner.findIn(Buffer.from(text)).map(({ rule }) => rules[rule]!.id);
    expect(
      reference(text)
        .map(({ id }) => id)
        .sort(),
      text,
    ).toEqual([...found].sort());
    return found;
  };
}

test('what begins and ends like a known address is found, and the known one is not, in whatever case', () => {
  const find = finder(`allowed_addresses: ['${ether}', '${segwit}']`);
  for (const text of [ether, ether.toLowerCase(), `0X${ether.slice(2).toUpperCase()}`, segwit, segwit.toUpperCase()])
    expect(find(`send to ${text} now`)).toEqual([]);
  for (const text of [etherLike, etherLike.toUpperCase(), etherLike.toLowerCase()])
    expect(find(`{"to":"${text}"}`)).toEqual(['address.look-alike']);
  // Another address altogether, a hash of the same beginning and end, and one that is cut.
  for (const text of ['0x8617E340B3D1FA5F11F306F4090FD50E238070D', `${etherLike}0`, etherLike.slice(0, -1), taproot])
    expect(find(`{"to":"${text}"}`)).toEqual([]);
});

test('a look-alike in base 58 or bech32 counts where its checksum agrees: no other takes money', () => {
  const known = '1A1zP7kLmNpRsTuVwXyZaBcDeFgHmvfNa';
  const find = finder(`allowed_addresses: ['${known}']`);
  expect(find(known)).toEqual([]);
  expect(find(genesis)).toEqual(['address.look-alike']);
  expect(find(genesis.replace('G', 'H'))).toEqual([]);
});

test('addresses that are not known are found where policy asks, by their checksums', () => {
  const find = finder(`unknown_action: warn, allowed_addresses: ['${ether}']`);
  const base58 = [genesis, '3J98t1WpEZ73CNmQviecrnyiWrnqRhWNLy'];
  for (const text of [segwit, taproot, taproot.toUpperCase(), ...base58]) {
    expect(find(`pay ${text}.`)).toEqual(['address.unknown']);
    expect(find(`pay ${text.slice(0, -1)}${text.endsWith('z') ? 'x' : 'z'}.`)).toEqual([]);
  }
  expect(find(etherLike).sort()).toEqual(['address.look-alike', 'address.unknown']);
  expect(find(ether)).toEqual([]);
  for (const text of [
    system,
    ['4111 1111', '1111 1111'].join('').replaceAll(' ', ''),
    'da39a3ee5e6b4b0d3255bfef95601890afd80709',
    '1'.repeat(30),
  ])
    expect(find(text)).toEqual([]);
});

test('look-alikes of an address of Solana are found, and chains that are off are not', () => {
  const find = finder(`allowed_addresses: ['${system}']`);
  expect(find(system)).toEqual([]);
  const off = finder(`unknown_action: block, chains: { btc: false, bnb: false }`);
  expect([off(segwit), off(ether)]).toEqual([[], ['address.unknown']]);
});

test('a look-alike is found in any wrapping', () => {
  finder(`allowed_addresses: ['${ether}']`);
  // Pieces that are put together count where they begin with a fixed text, and this begins with letters of either case.
  for (const { name, wrap, isCut } of wrappings)
    if (!isCut) expect(scanner.findIn(Buffer.from(wrap(etherLike, 0))).length, name).toBeGreaterThan(0);
});

test.each([
  ["allowed_addresses: ['0x12']", 'is no address of Ethereum'],
  [
    `allowed_addresses: ['${ether}'], similarity: { prefix_length: 30, suffix_length: 30 }`,
    'no more than 60 characters',
  ],
  ['chains: { sol: true }, unknown_action: warn', 'has no beginning'],
  ['action: block', 'no address is known'],
])('%s is refused', (section, message) => {
  const read = () => readConfig(`address_protection: { enabled: true, ${section} }`, 'p.yaml', [checkAddresses]);
  expect(read).toThrow(message);
});

test('more addresses than there is room for are refused', () => {
  const text = `address_protection: { enabled: true, allowed_addresses: [${`'${ether}', `.repeat(65)}] }`;
  expect(() => readConfig(text, 'p.yaml', [checkAddresses])).toThrow('65 addresses');
});

test.each([
  ['', 'block', 'allow'],
  ['action: warn, unknown_action: block', 'warn', 'block'],
  ['action: block, unknown_action: warn', 'block', 'warn'],
])('verdicts under "%s", and nothing is blocked in mode audit', (section, likes, unknown) => {
  const text = `address_protection: { enabled: true, allowed_addresses: ['${ether}'], ${section} }\n`;
  const rules = addressRulesOf({
    ...readConfig(text, 'p.yaml').config.address_protection,
    unknown_action: 'block',
  });
  for (const mode of ['balanced', 'strict', 'audit']) {
    const { ruleVerdicts } = policyOf(rules, `mode: ${mode}\napi_allowlist: [a.example]\n${text}`);
    const expected = (verdict: string) => (mode === 'audit' && verdict === 'block' ? 'warn' : verdict);
    const of = (id: string) => ruleVerdicts.get(id)!.high;
    for (const [surface, isRead] of [
      [0, true],
      [1, false],
      [2, true],
      [3, false],
      [4, true],
      [5, false],
    ] as const) {
      expect(of('address.look-alike')[surface]).toBe(isRead ? expected(likes) : 'allow');
      expect(of('address.unknown')[surface]).toBe(isRead ? expected(unknown) : 'allow');
    }
  }
});
