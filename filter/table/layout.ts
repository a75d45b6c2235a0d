/**
 * The table: what control compiles from the rules and the policy, and the filter reads. One block of bytes, little
 * endian, every section aligned to 16. This file is the contract: control/compile/table.ts writes by it, read.ts checks
 * by it. It is compiled by both AssemblyScript and TypeScript, so it holds plain integer constants and nothing else. Long,
 * because a contract is read in one place.
 *
 *   ┌ header ────────────────────────────────────────────────────────────────────────────┐
 *   │ magic u32 │ version u32 │ total bytes u32 │ section count u32 │ (offset u32, bytes u32) × sections │
 *   ├ POLICY       one record: limits and the verdict for each unreadable
 *   ├ RULES        one record a rule
 *   ├ STRINGS      rule ids, context words, header names; records point into it by (offset, length)
 *   ├ WORDS        lists of (offset u32, length u32) into STRINGS: context words of the rules, scanned headers
 *   ├ TEDDY        twelve vectors of 16: low and high nibble masks of three byte positions, one bit a bucket, for two sets of eight
 *   ├ START_SLOTS  hash of three folded bytes → first entry + 1, 0 for none: keys that begin a token
 *   ├ LITERAL_SLOTS the same for keys that stand anywhere
 *   ├ NAMED_SLOTS  the same for keys in the name of a value that is assigned
 *   ├ ENTRIES      one record an anchor; those of a slot lie side by side, the last one marked
 *   ├ PROGRAMS     confirming programs, byte code
 *   ├ CLASSES      byte classes, eight to a plane: 256 bytes a plane, one bit a class
 *   ├ AUTOMATA     one record each: the segments that programs call, the one of all number rules, the one of all word rules
 *   ├ MAPS         byte → column, 256 bytes a map; automata that part the bytes alike share one
 *   ├ NEXT         state × columns: u8 each where the automaton has NARROW_STATES or fewer, else u16
 *   ├ LABELS       u8 a state: 0 where nothing ends; in a segment 1; of number and word rules, which list of rules ends here
 *   ├ NUMBER_LISTS u32 by label: where its list is
 *   ├ NUMBER_RULES lists: a count u32, then a record for each number or word rule
 *   ├ PHRASE       the rule of seed phrases and the list of their words, hashed; empty where no rule needs it
 *   ├ TOOL_RULES   the rules of tool policy, one record each, in the order in which they are looked at
 *   ├ RANGES       the addresses that no argument of a tool may name, one record a range
 *   ├ CATEGORIES   the categories that tools are told by, one record each, the first that a name meets counts
 *   ├ TOOL_CHAINS  sequences of categories, one record a rule; both empty where no sequence is looked for
 *   ├ ASCII_RUNS   code points that are read as ASCII, or not seen, one record a run
 *   │              The rest is of the rules that look for phrases of terms, and empty where there are none:
 *   ├ UNICODE      what each ASCII character is, u8; then u8 a page of 256 code points, its number in UNICODE_PAGES
 *   ├ UNICODE_PAGES u16 a code point: FOLD_*, or where its record is, in steps of four bytes
 *   ├ UNICODE_FOLDS records of what a code point folds to
 *   ├ TERM_KEYS    bitmap by hash: up to four bytes that a word of a term begins with
 *   ├ TERM_CELLS   the terms as a trie of bytes, a double array: u32 base and flags, u32 the cell before
 *   ├ TERM_TAILS   where one entry alone goes on, the rest of it: its bytes, then TERM_WORD_BYTE or TERM_STEM_BYTE, u16 its set
 *   ├ TERM_SETS    u32 first record in TERM_STEPS, u32 count: what the end of an entry means
 *   ├ TERM_STEPS   records: from which stage of a phrase to which one, and how far apart; or a word that stops a phrase
 *   ├ STAGES       one record for each beginning of a phrase that phrases share: how far it may reach, which end here
 *   └ STAGE_ENDS   u16 rule, u16 its list of words that stop it, or NO_STOP
 */

export const TABLE_MAGIC = 0x4b_43_50_31; // "1PCK" read as little-endian bytes
export const TABLE_VERSION = 6;
export const HEADER_BYTES = 16;
export const SECTION_ALIGNMENT = 16;

// Sections, in the order of the picture.
export const SECTION_POLICY = 0;
export const SECTION_RULES = 1;
export const SECTION_STRINGS = 2;
export const SECTION_WORDS = 3;
export const SECTION_TEDDY = 4;
export const SECTION_START_SLOTS = 5;
export const SECTION_LITERAL_SLOTS = 6;
export const SECTION_NAMED_SLOTS = 7;
export const SECTION_ENTRIES = 8;
export const SECTION_PROGRAMS = 9;
export const SECTION_CLASSES = 10;
export const SECTION_AUTOMATA = 11;
export const SECTION_MAPS = 12;
export const SECTION_NEXT = 13;
export const SECTION_LABELS = 14;
export const SECTION_NUMBER_LISTS = 15;
export const SECTION_NUMBER_RULES = 16;
export const SECTION_PHRASE = 17;
export const SECTION_TOOL_RULES = 18;
export const SECTION_RANGES = 19;
export const SECTION_CATEGORIES = 20;
export const SECTION_TOOL_CHAINS = 21;
export const SECTION_ASCII_RUNS = 22;
export const SECTION_UNICODE = 23;
export const SECTION_UNICODE_PAGES = 24;
export const SECTION_UNICODE_FOLDS = 25;
export const SECTION_TERM_KEYS = 26;
export const SECTION_TERM_CELLS = 27;
export const SECTION_TERM_TAILS = 28;
export const SECTION_TERM_SETS = 29;
export const SECTION_TERM_STEPS = 30;
export const SECTION_STAGES = 31;
export const SECTION_STAGE_ENDS = 32;
export const SECTION_COUNT = 33;

// Verdicts, in order of strength.
export const VERDICT_ALLOW = 0;
export const VERDICT_WARN = 1;
export const VERDICT_STRIP = 2;
export const VERDICT_BLOCK = 3;

// Surfaces, in the order of control/policy/policy.ts.
export const SURFACE_URL = 0;
export const SURFACE_HEADER = 1;
export const SURFACE_REQUEST_BODY = 2;
export const SURFACE_RESPONSE_BODY = 3;
export const SURFACE_MCP_REQUEST = 4;
export const SURFACE_MCP_RESPONSE = 5;
export const SURFACE_MCP_TOOL = 6; // a tool definition in an answer to tools/list
export const SURFACE_RESPONSE_HEADER = 7; // headers and trailers of an answer
export const SURFACE_COUNT = 8;

// Unreadables, in the order of control/policy/policy.ts.
export const UNREADABLE_REQUEST_TOO_LARGE = 0;
export const UNREADABLE_REQUEST_ENCODING = 1;
export const UNREADABLE_REQUEST_EXPANSION = 2;
export const UNREADABLE_MCP_NOT_JSON_RPC = 3;
export const UNREADABLE_RESPONSE_ENCODING = 4;
export const UNREADABLE_AUTHORITY_MISMATCH = 5;
export const UNREADABLE_RESPONSE_TOO_LARGE = 6; // on 8889, where an answer is judged as a message
export const UNREADABLE_MCP_NOT_JSON = 7;
export const UNREADABLE_MCP_TRAILING_DATA = 8;
export const UNREADABLE_MCP_DUPLICATE_KEY = 9;
export const UNREADABLE_MCP_KEY_VARIANT = 10;
export const UNREADABLE_MCP_TOO_DEEP = 11;
export const UNREADABLE_MCP_HUGE_NUMBER = 12;
export const UNREADABLE_MCP_NOT_UTF8 = 13;
export const UNREADABLE_MCP_LONE_SURROGATE = 14;
export const UNREADABLE_MCP_TOO_MANY = 15;
export const UNREADABLE_MCP_ANSWER = 16;
export const UNREADABLE_RESPONSE_EXPANSION = 17;
export const UNREADABLE_WEBSOCKET_FRAME = 18;
export const UNREADABLE_WEBSOCKET_BINARY = 19;
export const UNREADABLE_WEBSOCKET_TOO_LARGE = 20;
export const UNREADABLE_TUNNEL_NOT_TLS = 21;
export const UNREADABLE_TUNNEL_SERVER_NAME = 22;
export const UNREADABLE_MCP_TOOLS_TOO_LARGE = 23; // an answer that may list tools, too large to be told from one
export const UNREADABLE_URL_TOO_LONG = 24; // from here on limits, which a message meets that could be read
export const UNREADABLE_REQUESTS_PER_MINUTE = 25;
export const UNREADABLE_DATA_PER_MINUTE = 26;
export const UNREADABLE_DOMAIN_BURST = 27;
export const UNREADABLE_VOLUME_SPIKE = 28;
export const UNREADABLE_CLIENT_LEVEL = 29;
export const UNREADABLE_ENTROPY_BUDGET = 30;
export const UNREADABLE_COUNT = 31;
/** In the place of one: the message was read. */
export const NO_UNREADABLE = -1;

// POLICY record.
export const POLICY_MAX_REQUEST_BODY_BYTES = 0; // u32
export const POLICY_STRIPS_TOOLS = 4; // u8: 1 where a blocked tool is taken out of its list
export const POLICY_EXPLAINS_BLOCKS = 5; // u8: 1 where a blocked answer says what to do about it
export const POLICY_PHRASE_LEAST_WORDS = 6; // u8: a seed phrase of fewer words counts as none
export const POLICY_PHRASE_CHECKS = 7; // u8: 1 where the checksum of a seed phrase has to agree
export const POLICY_HEADER_MODE = 12; // u8: HEADER_MODE_*
export const POLICY_HEADER_WORDS = 16; // u32 first index in WORDS, u32 count: names to scan, or to leave out
export const POLICY_OWN_HEADER_WORDS = 24; // u32 first index in WORDS, u32 count: headers a caller's own credential travels in
export const POLICY_NUMBERS = 32; // u32: the automaton of the number rules
export const POLICY_SURFACES = 40; // u8 × SURFACE_COUNT, padded to 8: SURFACE_*
export const POLICY_HASH_KEY = 48; // 16 bytes: the key of OP_HASH
export const POLICY_MCP_HOST_WORDS = 64; // u32 first index in WORDS, u32 count: the host that 8889 leads to, empty for none, then the name and host of each server that has a name there
export const POLICY_WORD_RULES = 72; // u32: the automaton of the word rules, NO_AUTOMATON for none
export const POLICY_MAX_RESPONSE_BYTES = 76; // u32: answers up to this length are held and judged whole
export const POLICY_UNREADABLE_VERDICTS = 80; // u8 × UNREADABLE_COUNT, padded to 32
export const POLICY_WEBSOCKET_MESSAGE_BYTES = 112; // u32: longest WebSocket message, 0 for any
export const POLICY_WEBSOCKET_CONNECTIONS = 116; // u32: most WebSockets at once, 0 for any
export const POLICY_WEBSOCKET_FLAGS = 120; // u8: WEBSOCKET_*
export const POLICY_PIN_RULES = 124; // u32: the first of PIN_RULE_*, NO_RULE where they are not in the table
export const POLICY_PHRASE_SURFACES = 128; // u8 × SURFACE_COUNT, padded to 16: 1 where a rule that looks for phrases says more than allow
export const POLICY_SESSION_RULES = 144; // u32: the first of SESSION_RULE_*, NO_RULE where sessions are not bound to their tools
export const POLICY_WINDOW_CALLS = 148; // u32: calls of a session that are looked at together
export const POLICY_WINDOW_SECONDS = 152; // u32: and how old the first of them may be
export const POLICY_WINDOW_GAP = 156; // u32: other calls that may stand between two of a sequence
export const POLICY_CATEGORIES = 160; // u32: a number that other categories would not have
export const POLICY_ENTROPY_MILLIBITS = 164; // u32: what a part of a URL may have a byte, 0 for any
export const POLICY_ENTROPY_RULES = 168; // u32: the first of ENTROPY_RULE_*, NO_RULE where they are not in the table
export const POLICY_URL_BYTES = 172; // u32: longest host and path, 0 for any
export const POLICY_REQUESTS_PER_MINUTE = 176; // u32: to one domain, 0 for any
export const POLICY_BYTES_PER_MINUTE = 184; // u64: the same of both directions' bodies
export const POLICY_MCP_TOKEN_COUNT = 180; // u32: digests of the tokens of which 8889 wants one; 0 where it wants none
export const POLICY_MCP_TOKENS = 192; // SHA-256 × MAX_MCP_TOKENS
export const POLICY_SUPPRESSIONS = 448; // u32 first index in WORDS, u32 count: for each entry a rule's id, a host pattern and a glob of a path, the last two empty for any
export const POLICY_ACROSS_SECONDS = 456; // u32: how long pieces of a client's requests are put together, 0 where they are not
export const POLICY_ACROSS_WARNS = 460; // u8: 1 where what comes of that is a warning at most
export const POLICY_ACROSS_PIECES = 461; // u8: how many of a client are kept, up to MAX_PIECES
export const POLICY_PROFILE_SECONDS = 464; // u32: how long a domain is new to a client, and what its volume is measured by; 0 where nothing of clients is kept
export const POLICY_PROFILE_TTL_SECONDS = 468; // u32: a client that is silent for longer is forgotten
export const POLICY_PROFILE_PLACES = 472; // u32: clients that are kept at most
export const POLICY_PROFILE_DOMAINS = 476; // u32: new domains of a client in that time, up to MAX_PROFILE_DOMAINS
export const POLICY_PROFILE_RATIO = 480; // u32: thousandths; what a minute may have of the mean of those before
export const POLICY_LEVEL_FLAGS = 484; // u8 × LEVEL_COUNT: LEVEL_*; all 0 where there are no levels
export const POLICY_LEVEL_THRESHOLD = 488; // u32: thousandths of points that lead to the first level, 0 where there are none; twice as many to the next
export const POLICY_LEVEL_DECAY = 492; // u32: thousandths that a clean exchange takes off
export const POLICY_LEVEL_EXEMPT_WORDS = 496; // u32 first index in WORDS, u32 count: host patterns of destinations that give no points and know no levels
export const POLICY_BUDGET_BITS = 504; // u32: bits in values of a client that look drawn, 0 for any
export const POLICY_BUDGET_SECONDS = 508; // u32: and within what time
export const POLICY_BUDGET_EXEMPT_WORDS = 512; // u32 first index in WORDS, u32 count: host patterns of destinations where they do not count
export const POLICY_BYTES = 528; // padded to 16

export const MAX_MCP_TOKENS = 8;
/** Pieces of a client that are put together (filter/action/pieces.ts): the ways grow with the square. */
export const MAX_PIECES = 16;
/** A longer one is found by itself. */
export const PIECE_BYTES = 128;
export const TOKEN_DIGEST_BYTES = 32;

/** Entries that leave findings out: an exchange keeps a bit for each. */
export const MAX_SUPPRESSIONS = 64;
export const MAX_PROFILE_DOMAINS = 100;
/** How a client stands: normal, elevated, high, critical. */
export const LEVEL_COUNT = 4;
export const LEVEL_BLOCKS_WARNED = 1; // a warning is a block
export const LEVEL_BLOCKS_ALL = 2;

export const WEBSOCKET_READ = 1; // text and what else is in frames is looked at
export const WEBSOCKET_NO_COOKIES = 2; // the handshake goes on without the client's cookies
export const WEBSOCKET_OWN_ORIGIN = 4; // the handshake names the destination itself as its origin (RFC 6454)
export const WEBSOCKET_NO_ORIGIN = 8; // the handshake names no origin

// What the rules say of a surface.
export const SURFACE_NOT_READ = 0; // all allow
export const SURFACE_READ = 1; // any warns
export const SURFACE_STOPS = 2; // any strips or blocks

export const HEADER_MODE_NONE = 0;
export const HEADER_MODE_LISTED = 1;
export const HEADER_MODE_ALL_BUT_LISTED = 2;

/** Most rules of a table: the filter keeps a few words for each in fixed places. */
export const MAX_RULES = 1024;

/** What control says of the tools of a list, from POLICY_PIN_RULES on, in the order of control/rules/pin.ts. */
export const PIN_RULE_DESCRIPTION = 0;
export const PIN_RULE_SCHEMA = 1;
export const PIN_RULE_TITLE = 2;
export const PIN_RULE_OTHER = 3;
export const PIN_RULE_NAME = 4;
export const PIN_RULE_ADDED = 5;
export const PIN_RULE_HELD = 6;
export const PIN_RULE_COUNT = 7;
export const NO_RULE = 0xffffffff;

/** How a call stands to the tools that its session was shown, from POLICY_SESSION_RULES on, in the order of control/rules/session.ts. */
export const SESSION_RULE_UNKNOWN_TOOL = 0;
export const SESSION_RULE_NO_BASELINE = 1;
export const SESSION_RULE_COUNT = 2;
/** What looks drawn in a URL, from POLICY_ENTROPY_RULES on, in the order of control/rules/entropy.ts. */
export const ENTROPY_RULE_HOST = 0;
export const ENTROPY_RULE_PATH = 1;
export const ENTROPY_RULE_QUERY = 2;
export const ENTROPY_RULE_COUNT = 3;

// RULES record.
export const RULE_ID_OFFSET = 0; // u32 into STRINGS
export const RULE_ID_BYTES = 4; // u16
export const RULE_VALIDATOR = 6; // u8: VALIDATOR_*
export const RULE_FLAGS = 7; // u8: RULE_FLAG_*
export const RULE_NEAR_WORDS = 8; // u32 first index in WORDS
export const RULE_NEAR_COUNT = 12; // u32
export const RULE_VERDICTS_HIGH = 16; // u8 × SURFACE_COUNT, padded to 8
export const RULE_VERDICTS_LOW = 24; // u8 × SURFACE_COUNT, padded to 8
export const RULE_OWN_URL_HOSTS = 32; // u32 first index in WORDS, u32 count: host patterns
export const RULE_OWN_BODY_HOSTS = 40; // the same
export const RULE_EXEMPT_HOSTS = 48; // the same: on the way to one of these, and back, it finds nothing
export const RULE_SAMPLES = 56; // u32 first index in WORDS: published samples, letters and digits alone
export const RULE_SAMPLE_COUNT = 60; // u32
export const RULE_BYTES = 64;

export const RULE_FLAG_HIGH = 1; // confidence is high
export const RULE_FLAG_NEAR_REQUIRED = 2; // no finding without a context word
export const RULE_FLAG_CREDENTIAL = 4; // a caller's own credential may travel in its own header
export const RULE_FLAG_UNLIKELY = 8; // of high confidence, and begins with a fixed text or a name: no neighbours make it by chance
export const RULE_FLAG_REDIRECT = 16; // of tool policy: a call that it blocks is answered by a handler in the server's place
export const RULE_FLAG_ISSUED = 32; // counts also where sites hand out ids and cookies of their own: begins with its issuer's text, or is the operator's

// Validators. control/compile/table.ts maps the names of the rule files to these.
export const VALIDATOR_NONE = 0;
export const VALIDATOR_LUHN = 1;
export const VALIDATOR_IBAN = 2;
export const VALIDATOR_ABA = 3;
export const VALIDATOR_SSN = 4;
export const VALIDATOR_ITIN = 5;
export const VALIDATOR_RANDOM = 6;
export const VALIDATOR_URL_PASSWORD = 7;
export const VALIDATOR_PASSWORD = 8;
export const VALIDATOR_MIXED_PASSWORD = 9;
export const VALIDATOR_BASE58_CHECK = 10;
export const VALIDATOR_BIP39 = 11;
export const VALIDATOR_NAMED_RANDOM = 12;
export const VALIDATOR_ADDRESS = 13;
export const VALIDATOR_COUNT = 14;

// WORDS record.
export const WORD_OFFSET = 0; // u32 into STRINGS
export const WORD_LENGTH = 4; // u32
export const WORD_BYTES = 8;

// Key hash: three bytes, folded by | 0x20 each, times the golden ratio. In 4,096 slots some 400 keys
// leave nine of ten empty, so that most places that are none are known by one look.
export const KEY_FOLD = 0x202020;
export const KEY_MULTIPLIER = 0x9e3779b1;
export const SLOT_BITS = 12;

// A named value: a token run, and before it a sign of assignment and a name. The compiler makes a rule one only where its
// pattern promises both distances.
export const NAMED_BYTES = 96; // from the first byte of the name to the value, at most
export const SIGN_BYTES = 12; // from a sign to the value, the sign included, at most

// ENTRIES record. `mask` and `value` test the four bytes after the key, which refuses most chance meetings.
export const ENTRY_KEY = 0; // u32: the folded key, top byte 0
export const ENTRY_RULE = 4; // u16
export const ENTRY_LEAD = 6; // u8: bytes from the start of the forward program to the key
export const ENTRY_FLAGS = 7; // u8: ENTRY_FLAG_*
export const ENTRY_MASK = 8; // u32
export const ENTRY_VALUE = 12; // u32
export const ENTRY_FORWARD = 16; // u32 into PROGRAMS
export const ENTRY_BACKWARD = 20; // u32 into PROGRAMS, NO_PROGRAM where the pattern begins at the forward program
export const ENTRY_NOT_BEFORE = 24; // u8 class that the byte before must not be in, NO_CLASS for none
export const ENTRY_NOT_AFTER = 25; // u8 class that the byte after must not be in, NO_CLASS for none
export const ENTRY_BYTES = 32;

export const ENTRY_FLAG_LAST = 1;

export const NO_AUTOMATON = 0xffffffff;
export const NO_PROGRAM = 0xffffffff;
export const NO_CLASS = 255;

// Programs: an operation, then its operands.
export const OP_ACCEPT = 0;
export const OP_BYTES = 1; // u8 count, then the bytes
export const OP_RUN = 2; // u8 class, u16 least, u16 most
export const OP_SEGMENT = 3; // u16 automaton
export const OP_HASH = 4; // u8 count, u64 hash of the bytes: they are what they are, and not to be read here
export const RUN_UNBOUNDED = 0xffff; // as `most`: as far as the class goes

// A segment is read this far and no farther: what a user's pattern repeats without bound must not cost a text's length
// at each place where it could begin. The rules' own segments are a tenth of it.
export const SEGMENT_BYTES = 512;

// The same for word rules, which every word of a text begins anew; so many of them fit into the room for hits.
export const WORD_RULE_BYTES = 128;
export const MAX_WORD_RULES = 32;

// AUTOMATA record.
export const AUTOMATON_MAP = 0; // u32 into MAPS
export const AUTOMATON_NEXT = 4; // u32 into NEXT, in bytes
export const AUTOMATON_LABELS = 8; // u32 into LABELS
export const AUTOMATON_STATES = 12; // u16
export const AUTOMATON_COLUMNS = 14; // u16
export const AUTOMATON_BYTES = 16;
export const NARROW_STATES = 256;

export const DEAD_STATE = 0;
export const START_STATE = 1;
export const NO_LABEL = 0;

// What a number or word rule carries beside its automaton.
export const NUMBER_RULE_INDEX = 0; // u16
export const NUMBER_RULE_NOT_BEFORE = 2; // u8 class
export const NUMBER_RULE_NOT_AFTER = 3; // u8 class
export const NUMBER_RULE_BYTES = 4;

// PHRASE: the words, three to eight letters each, by their number in the list, and slots of a hash with open addresses:
// number + 1, 0 where no word is. Half of the slots are empty, so a word that is not in the list is soon known.
export const PHRASE_RULE = 0; // u32
export const PHRASE_SLOTS = 16; // u16 × 2^PHRASE_SLOT_BITS
export const PHRASE_WORDS = 8208; // eight bytes each, padded with 0
export const PHRASE_SLOT_BITS = 12;
export const PHRASE_WORD_COUNT = 2048;
export const PHRASE_WORD_BYTES = 8;
export const PHRASE_BYTES = 24592;
export const PHRASE_MULTIPLIER = 0x85ebca6b;

// TOOL_RULES record. An automaton meets its pattern anywhere in a text that has a NUL before and behind it; NO_AUTOMATON
// meets everything.
export const TOOL_RULE_INDEX = 0; // u16: the rule
export const TOOL_RULE_FLAGS = 2; // u8: TOOL_RULE_FLAG_*
export const TOOL_RULE_NAME = 4; // u32: of the tool's name
export const TOOL_RULE_ARGUMENT = 8; // u32: of an argument
export const TOOL_RULE_KEY = 12; // u32: of the argument's key
export const TOOL_RULE_BYTES = 16;

export const TOOL_RULE_FLAG_ALLOW = 1; // a call that meets it meets none behind it
export const TOOL_RULE_FLAG_PRIVATE = 2; // meets an argument that names a private address

// RANGES record: an address of 16 bytes in network order, one of IPv4 as ::ffff:a.b.c.d, and the length of its prefix.
export const RANGE_PREFIX = 16; // u8: up to 128
export const RANGE_BYTES = 20;

/** Most of them: the filter keeps a byte for each. */
export const MAX_TOOL_RULES = 256;

// CATEGORIES record: automata that meet a tool's name, NO_AUTOMATON for none. Its number is its bit in a call's mask.
export const CATEGORY_OPERATOR = 0; // u32: as the operator names tools; all such categories that it meets count
export const CATEGORY_WORDS = 4; // u32: by words of the name in snake case; the first category that it meets counts
export const CATEGORY_BYTES = 8;
export const MAX_CATEGORIES = 32;

// TOOL_CHAINS record.
export const TOOL_CHAIN_RULE = 0; // u16
export const TOOL_CHAIN_LENGTH = 2; // u8: from 2 to MAX_TOOL_CHAIN_STEPS
export const TOOL_CHAIN_STEPS = 4; // u8 each: a category
export const MAX_TOOL_CHAIN_STEPS = 16;
export const TOOL_CHAIN_BYTES = 20;

// ASCII_RUNS record, in ascending order of the code points: u32 the first one and the code of its character, or 0 of what is not seen.
export const ASCII_RUN_CODE_SHIFT = 24;
export const ASCII_RUN_COUNT = 4; // u16: how many follow each other so, and a flag
export const ASCII_RUN_LOOKS = 0x8000; // the flag: letters of another script, which may be just that
export const ASCII_RUN_BYTES = 6;

/** Most calls that are looked at together: a session's record has room for them (filter/mcp/session.ts). */
export const MAX_WINDOW_CALLS = 256;

// How control answers for each tool of a list (control/serve/pin-pages.ts, filter/action/pins.ts): a record of a standing, two
// hexadecimal digits of PIN_PART_*, and a line feed.
export const PIN_RECORD_BYTES = 4;
export const PIN_KNOWN = 0x6b; // "k": as it was pinned
export const PIN_COSMETIC = 0x63; // "c": as it was pinned, but for what means nothing
export const PIN_NEW = 0x6e; // "n": seen first, and pinned now
export const PIN_ADDED = 0x61; // "a": seen after the tools of its server were known, and not approved
export const PIN_DRIFTED = 0x64; // "d": it means something else than its pin
export const PIN_HELD = 0x68; // "h": not approved
export const PIN_PART_DESCRIPTION = 1;
export const PIN_PART_SCHEMA = 2;
export const PIN_PART_TITLE = 4;
export const PIN_PART_OTHER = 8;
export const PIN_PART_NAME = 16; // its name stands twice, with two meanings

// UNICODE: ASCII characters, then pages.
export const UNICODE_INDEX = 128;
export const UNICODE_PAGE_COUNT = 4352; // 0x110000 / 256
export const UNICODE_BYTES = 4480;

// What a character is: a separator of some kind, or part of a word.
export const SEPARATOR_OTHER = 0;
export const SEPARATOR_SPACE = 1;
export const SEPARATOR_LINE = 2; // two of them end a sentence
export const SEPARATOR_FULL_STOP = 3; // ends a sentence: 。！？
export const SEPARATOR_STOP = 4; // ends a sentence where it does not stand alone: . ! ?
export const SEPARATOR_QUOTE = 5; // quotation mark, comma or colon, quotation mark: ends a string of JSON
export const SEPARATOR_OPENING = 6;
export const SEPARATOR_CLOSING = 7;
export const SEPARATOR_COMMA = 8;
export const SEPARATOR_COUNT = 9;
export const LETTER = 16; // a letter, digit or mark of a word
export const ALONE = 17; // a word of its own, of a script without spaces

// UNICODE_PAGES: what a code point folds to, below the first record.
export const FOLD_SEPARATOR = 0; // itself, a SEPARATOR_OTHER
export const FOLD_LETTER = 1; // itself
export const FOLD_ALONE = 2; // itself
export const FOLD_NOTHING = 3;
export const FOLD_FIRST_RECORD = 4;

// UNICODE_FOLDS record: how many characters, what the code point is where it stands between words, and for each character:
export const FOLD_COUNT = 0; // u8
export const FOLD_SEPARATOR_KIND = 1; // u8 SEPARATOR_*
export const FOLD_CHARACTERS = 2;
export const CHARACTER_KIND = 0; // u8: 0 for a separator, LETTER, ALONE
export const CHARACTER_LENGTH = 1; // u8
export const CHARACTER_LOOK_ALIKE = 2; // u8: the Latin letter that it looks like, or 0
export const CHARACTER_BYTES = 3; // UTF-8
export const MOST_CHARACTER_BYTES = 4;

// Terms.
export const TERM_KEYS_BYTES = 8192; // 2^16 bits
export const TERM_KEY_BITS = 16;
export const TERM_CELL_BYTES = 8;
export const CELL_BASE_MASK = 0xffffff;
export const CELL_IS_TAIL = 0x8000000; // the base is where the tail begins in TERM_TAILS
export const CELL_HAS_SPACE = 0x10000000; // a next word may follow a space
export const CELL_HAS_MORE = 0x20000000; // anything may follow
export const CELL_ENDS_STEM = 0x40000000; // an entry with any ending: its set is the base of the cell behind TERM_STEM_BYTE
export const CELL_ENDS_WORD = 0x80000000; // an entry, where a word ends: that behind TERM_WORD_BYTE
export const TERM_WORD_BYTE = 0; // no word has these bytes
export const TERM_STEM_BYTE = 1;
export const LEAST_TERM_BYTE = 0x20;
export const TAIL_END_BYTES = 3;
export const NO_CELL = 0xffffffff;
/** A longer word is no word of a term; what begins it is read this far. */
export const MOST_WORD_BYTES = 64;

// TERM_SETS record.
export const SET_FIRST = 0; // u32
export const SET_COUNT = 4; // u32
export const SET_BYTES = 8;

// TERM_STEPS record.
export const STEP_FROM = 0; // u16 stage, 0 where a phrase begins
export const STEP_TO = 2; // u16 stage; of STEP_FLAG_STOP the list of words that stop a phrase
export const STEP_GAP = 4; // u16: most half words between
export const STEP_FLAGS = 6; // u16
export const STEP_BYTES = 8;
export const STEP_FLAG_CROSSES = 1; // a sentence may end between
export const STEP_FLAG_STOP = 2;

// STAGES record.
export const STAGE_FIRST_END = 0; // u16 into STAGE_ENDS
export const STAGE_END_COUNT = 2; // u16
export const STAGE_REACH = 4; // u16: half words to the farthest next step
export const STAGE_FLAGS = 6; // u16
export const STAGE_BYTES = 8;
export const STAGE_FLAG_GOES_ON = 1; // there is a next step
export const STAGE_FLAG_NEAR_END = 2; // with the next step a phrase of high confidence may be whole
export const STAGE_FLAG_CROSSES = 4; // and a sentence may end before that step
export const MAX_STAGES = 8192;

export const STAGE_END_RULE = 0; // u16
export const STAGE_END_STOP = 2; // u16
export const STAGE_END_BYTES = 4;
export const NO_STOP = 0xffff;
export const MAX_STOPS = 64;
/** How near a word that stops a phrase stands, in half words: before its first step, and behind its last. */
export const STOP_BEFORE = 16;
export const STOP_AFTER = 8;
