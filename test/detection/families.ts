/** Families of the corpora whose current key types the rules must all know; the others are vendors beside. */
export const namedFamilies: ReadonlySet<string> = new Set(
  `age airtable anthropic atlassian auth0 aws azure cloudflare cohere coinbase databricks datadog digitalocean discord
   dockerhub dropbox figma generic github gitlab google grafana groq heroku huggingface jwt linear mailchimp mailgun
   mongodb netlify newrelic notion npm okta openai perplexity plaid postgres postmark private-key pypi sendgrid sentry
   shopify slack square stripe telegram twilio vault`.split(/\s+/),
);
