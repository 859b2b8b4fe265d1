// The tutorial's model, the application that uses it, and the pipeline between them. Needs nothing but Node.
//   node loans.mjs                              the model alone, at PORT (8000)
//   MLFI_URL=… MLFI_KEY=… node loans.mjs        and the application, which logs every prediction at mlfi
import { createServer } from 'node:http';

const { PORT = '8000', MLFI_URL = 'http://127.0.0.1:9899', MLFI_KEY } = process.env;
let factor = 1; // the fault: incomes arrive multiplied by it

function predict({ income, age }) {
  if (typeof income !== 'number' || typeof age !== 'number') return null;
  const score = 1 / (1 + Math.exp(-((income - 40_000) / 15_000 + (age - 40) / 40)));
  return { prediction: score > 0.5 ? 'grant' : 'refuse', confidence: Math.max(score, 1 - score) };
}

createServer((request, response) => {
  let body = '';
  request.on('data', (chunk) => (body += chunk));
  request.on('end', () => {
    const reply = (status, json) =>
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(json));
    if (request.url === '/break') return reply(200, { factor: (factor = 100) });
    if (request.url === '/repair') return reply(200, { factor: (factor = 1) });
    const answer = request.url === '/predict' && request.method === 'POST' ? predict(parsed(body)) : null;
    return answer === null ? reply(400, { error: 'send {"income": number, "age": number}' }) : reply(200, answer);
  });
}).listen(Number(PORT), '127.0.0.1', () => console.log(`loans on port ${PORT}`));

function parsed(text) {
  try {
    return JSON.parse(text) ?? {};
  } catch {
    return {};
  }
}

const bell = () => Math.random() + Math.random() + Math.random() - 1.5;

async function useModel() {
  const rows = Array.from({ length: 12 }, () => {
    const features = { income: Math.round(42_000 + 20_000 * bell()) * factor, age: Math.round(42 + 15 * bell()) };
    return JSON.stringify({ prediction_id: crypto.randomUUID(), features, ...predict(features) });
  });
  const response = await fetch(`${MLFI_URL}/api/v1/models/loans/observations`, {
    method: 'POST',
    headers: { authorization: `Bearer ${MLFI_KEY}`, 'content-type': 'application/x-ndjson' },
    body: rows.join('\n'),
  });
  if (!response.ok) console.error(await response.text());
}
if (MLFI_KEY !== undefined) setInterval(() => void useModel().catch(({ message }) => console.error(message)), 400);
