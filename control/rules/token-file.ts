/** The file of mcp_auth.token_file: the tokens that callers may say on the MCP port, one a line. */
import { createHash } from 'node:crypto';
import { MAX_MCP_TOKENS } from '../../filter/table/layout.ts';
import { readSecretsFile, type SecretsFileProblem } from './secrets-file.ts';

/** A token that could be guessed from its digest is none. */
const leastBytes = 16;
/** As much as the filter hashes (filter/finding/sha256.ts). */
const mostBytes = 119;

/**
 * The SHA-256 of each token. A file is read like that of dlp.secrets_file: others may not read it, # begins a comment.
 * @param file an absolute path
 */
export function readTokenFile(file: string): { digests: Uint8Array[]; problems: SecretsFileProblem[] } {
  const { values, problems } = readSecretsFile(file);
  if (problems.length > 0) return { digests: [], problems };
  const refused = (message: string, remedy: string) => ({
    digests: [],
    problems: [{ message: `${file}: ${message}`, remedy }],
  });
  if (values.length === 0) return refused('holds no token', 'write one on a line, such as openssl rand -hex 32 gives');
  if (values.length > MAX_MCP_TOKENS) return refused(`${values.length} tokens`, `keep to ${MAX_MCP_TOKENS}`);
  // RFC 6750 section 2.1.
  const odd = values.find((value) => !/^[\w.~+/-]+=*$/.test(Buffer.from(value).toString('latin1')));
  if (odd) return refused('holds what is no bearer token', 'write letters, digits and -._~+/ alone');
  const unfit = values.find(({ length }) => length < leastBytes || length > mostBytes);
  if (unfit) return refused(`a token of ${unfit.length} bytes`, `write one of ${leastBytes} to ${mostBytes}`);
  return { digests: values.map((value) => createHash('sha256').update(value).digest()), problems: [] };
}
