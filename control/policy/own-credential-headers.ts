/**
 * Headers in which a caller's own credential travels to its own destination, lower case: what HTTP itself defines for
 * that (RFC 9110 section 11, RFC 6265) and what the documentation of common APIs asks for. A credential there is no
 * leak on its way over verified TLS; the same text in a message is.
 */
export const ownCredentialHeaders: readonly string[] = [
  'authorization',
  'cookie',
  'api-key', // Azure OpenAI
  'x-api-key', // Anthropic and many others
  'x-goog-api-key',
  'x-goog-iam-authorization-token',
  'x-amz-security-token',
  'x-auth-token',
  'x-access-token',
  'x-token',
  'x-vault-token',
  'x-shopify-access-token',
  'x-subscription-token', // Brave Search
  'x-rapidapi-key',
  'x-figma-token',
  'x-postmark-server-token',
  'x-postmark-account-token',
  'x-cg-pro-api-key', // CoinGecko
  'x-cmc_pro_api_key', // CoinMarketCap
  'x-finnhub-token',
  'xi-api-key', // ElevenLabs
  'ocp-apim-subscription-key', // Azure API Management
  'dd-api-key',
  'dd-application-key',
  'private-token', // GitLab
  'job-token',
  'plaid-client-id',
  'plaid-secret',
  'apca-api-key-id', // Alpaca
  'apca-api-secret-key',
  'cb-access-key', // Coinbase
  'cb-access-sign',
  'x-mbx-apikey', // Binance
  'x-sentry-auth',
];
