/**
 * One request from the client's container: `node client.ts JSON` with {url, method, fields, body, bodyBytes, via}. Prints
 * {status, body, chunkMs}: when each chunk came, in milliseconds after the request.
 */
import { readFileSync } from 'node:fs';
import { h1Client } from '../harness/client.ts';

const { via, bodyBytes, times = 1, ...ask } = JSON.parse(process.argv[2]!);
if (bodyBytes !== undefined) ask.body = JSON.stringify({ text: 'word '.repeat(bodyBytes / 5) });
const ca = readFileSync('/pki/gateway-ca.crt', 'utf8');
const client = h1Client(via === 'proxy' ? { proxy: { address: 'gateway', port: 8888 }, ca } : { ca });
const startMs = performance.now();
const told = { status: 0, body: '', chunkMs: [] as number[] };
for (let i = 0; i < times; i++) {
  const answer = await client.begin(ask);
  told.status = answer.status;
  told.body = '';
  for await (const chunk of answer.body) {
    told.body += chunk.toString();
    told.chunkMs.push(Math.round(performance.now() - startMs));
  }
}
client.close();
console.log(JSON.stringify(told));
