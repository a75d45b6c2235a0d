// A chat with the SDK for Node, streamed: prints the text that it got. An error ends it with its message and exit code 1.
import { createRequire } from 'node:module';

const { OpenAI } = createRequire(`${process.env.CLIENTS}/`)('openai');
const client = new OpenAI({ apiKey: 'none', baseURL: process.env.BASE_URL, maxRetries: 0 });
const stream = await client.chat.completions.create({
  model: 'm',
  messages: [{ role: 'user', content: 'hello' }],
  stream: true,
});
let text = '';
for await (const chunk of stream) text += chunk.choices[0]?.delta?.content ?? '';
process.stdout.write(text);
