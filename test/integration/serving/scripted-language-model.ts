import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What the script says next. */
export interface Script {
  says: (asked: string) => string;
  finish: 'stop' | 'length';
  /** Before the first word, ms. */
  firstWordMs: number;
}

interface ChatRequest {
  readonly model?: string;
  readonly messages?: readonly { readonly content: string }[];
  readonly stream?: boolean;
}

/** A language model on loopback that says what its script says, word by word, by OpenAI's interface. */
export async function scriptedLanguageModel(script: Script) {
  const asked: ChatRequest[] = [];
  const server = createServer((request, response) => {
    let text = '';
    request.on('data', (chunk: Buffer) => (text += chunk.toString()));
    request.on('end', () => {
      response.setHeader('content-type', 'application/json');
      if (request.method === 'GET')
        return void response.end(
          JSON.stringify({ object: 'list', data: request.url === '/v1/models' ? [{ id: 'tiny' }] : [] }),
        );
      const body = JSON.parse(text) as ChatRequest;
      const question = body.messages?.at(-1)?.content;
      if (request.url !== '/v1/chat/completions' || body.model !== 'tiny' || question === undefined)
        return void response.writeHead(400).end('{"error":{"message":"model and messages are required"}}');
      asked.push(body);
      const words = script
        .says(question)
        .split(/(?= )/)
        .filter((word) => word !== '');
      const usage = { prompt_tokens: question.split(' ').length, completion_tokens: words.length };
      const end = script.finish;
      if (body.stream !== true)
        return void response.end(
          JSON.stringify({
            model: 'tiny',
            choices: [{ message: { role: 'assistant', content: words.join('') }, finish_reason: end }],
            usage,
          }),
        );
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      const send = (choices: readonly unknown[], more: object = {}): void =>
        void response.write(
          `data: ${JSON.stringify({ object: 'chat.completion.chunk', model: 'tiny', choices, ...more })}\n\n`,
        );
      send([{ index: 0, delta: { role: 'assistant', content: '' }, finish_reason: null }]);
      setTimeout(() => {
        for (const content of words)
          send([
            {
              index: 0,
              delta: { content },
              logprobs: { content: [{ logprob: -0.05 - (content.length % 5) / 50 }] },
              finish_reason: null,
            },
          ]);
        send([{ index: 0, delta: {}, finish_reason: end }]);
        send([], { usage });
        response.end('data: [DONE]\n\n');
      }, script.firstWordMs);
    });
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    asked,
    close(): void {
      server.closeAllConnections();
      server.close();
    },
  };
}
