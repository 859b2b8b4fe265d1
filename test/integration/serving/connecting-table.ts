import type { Serving } from './serving.js';

const HEAD = `# What mlfi can ask

A model is asked from its address alone where its server says, or its protocol tells, what it takes. The table is what
the tests hold: every server is a small one written from its protocol’s own document, which refuses what the real one
refuses (\`test/integration/serving\`); FastAPI, Gradio and MLflow are tried as real servers besides
(\`test/integration/connectors.test.ts\`), MLServer, BentoML and Ray Serve by \`npm run test:serving\`, which needs their
environments (\`large-servers.test.ts\` there says how to make them). \`UPDATE_DOCS=1\` with that test writes this page anew.

What is read from where is told when a model is found, and of a watched one in \`read_from\` of its answers: paths are JSON pointers.

\`mlfi config check --online mlfi.yml\` asks every model of a configuration file once and says in a line each what came of
it. A model in service is changed without a restart: in the file, taken over by \`POST /-/reload\` or SIGHUP, or by
\`PATCH /api/v1/models/{id}\` with what changes (\`null\` removes). What a model took before is tried first at its new address,
so that its golden inputs and their remembered answers stay. What is changed by PATCH holds until the file says something
else than it did. A model that is deleted by \`DELETE /api/v1/models/{id}\` and stands in the file comes back, new and empty, at the
next start; the answer says so (\`note\`). Take it out of the file to be rid of it.

The bodies and answers of every route are described in the OpenAPI document of a running service, \`GET /api/v1/openapi.json\`.

Two routes keep the shapes of mlfi's forerunner:

- \`POST /monitoring/analyze\` with \`{"prediction_url": "http://…", "samples": 50}\` evaluates a URL once; \`samples\` (5 to 500) may be left out.
  A model that takes nothing mlfi thinks of is \`undecided\` until it is given \`payloads\`, as in \`POST /api/v1/models\`; one that is watched is
  asked as it is registered.
- \`POST /monitoring/prediction\` with \`{"model_id": "fraud", "prediction": …, "confidence": …, "features": {…}}\` logs one prediction; an
  unknown \`model_id\` (a text) is watched from now on, and without one the model is called \`default\`. A list of rows is taken
  where all name the same model.

## Say how a model is asked

The same everywhere: as keys of a model in the file ([mlfi.example.yml](../mlfi.example.yml)), as fields of
\`POST /api/v1/models\` and \`PATCH /api/v1/models/{id}\`, and as options of \`mlfi investigate\`. A plain REST model that
describes itself nowhere needs one thing, a payload it takes: \`"payloads": [{"age": 38, "country": "DE"}]\`.

- \`name\`, \`owner\`, \`tags\`, \`version\` are said of the model, without asking it; PATCH with \`null\` removes owner and version.
  Where answers or logged rows name a version, that is the one in service, whatever \`version\` says: \`version\` is for models whose
  answers name none. A new one is told at once, and in service once the one before has given none of the last 3 answers over 10 s
  (of two that answer side by side: 20 answers over 60 s), so that a canary does not make them take turns.
- \`url\`, \`connector\`, \`payloads\` are tried first. When the model does not answer, a change by PATCH is refused with the server’s
  own words, and nothing is changed. A new model, by POST or in the file, is watched as \`configuring\`, with the reason in \`setup\`, when
  it may answer later: it limits calls, is loading (503, or any \`Retry-After\`), answers 502 or 504 or nothing in time, or nothing listens
  there. It is asked again, at least every minute and no sooner than its host allows, until it answers. POST refuses (400) what is no
  matter of waiting: an address that \`egress\` blocks, a name that does not exist, a certificate, credentials, a path or a payload.
- \`golden_inputs\`: \`null\` lets mlfi choose; an input that stays keeps its remembered answers.
- \`headers\`, \`query\`: PATCH changes the ones it names, \`null\` removes one. Values can be set and are never shown again, in no
  answer, log or audit entry; where the server repeats one that is a secret by its name (\`key\`, \`token\`, \`auth\` and the like in it) or its
  scheme (\`Bearer …\`), mlfi tells \`[secret]\`. A new address on another server wants them anew: what was given for one server is sent to no
  other.
- A file in a payload is a \`data:\` address: \`{"file": "data:image/png;base64,…"}\` with \`connector: multipart\` is sent as a form,
  the address alone as the bytes of the file; in the \`data\` of a Gradio app it is uploaded first.
- \`openapi\`: where the OpenAPI document (JSON) is, where that is not beside the model: an address, or a path of the model’s server.
  Another server is sent no header, parameter or certificate that was given for the model’s. \`--openapi\` of \`mlfi init\` and
  \`mlfi investigate\`.
- \`method\` (POST or PUT), \`answer\` (JSON pointers \`prediction\`, \`confidence\`, \`classes\`), \`tls\` (files on mlfi’s machine).
- \`interval_seconds\`, \`timeout_seconds\`, \`jitter\`, \`concurrency\`, \`probes_per_cycle\`, \`calls_per_hour\` (\`null\`: no limit). In the file they
  stand under \`schedule\` without a unit in their name: \`schedule: { interval: 30s, timeout: 5s }\`.
  While a model answers nothing, the interval is up to four times as long, and no longer than a minute where it is shorter than that:
  that a model is back is seen within so long (an interval of 2 s: 8 s; 15 to 60 s: a minute; more: the interval), and jitter.

A model that is asked may log its calls as well: from as many rows on as a baseline needs it is judged by them instead, unless its
baseline is frozen ([sending-logs.md](sending-logs.md#when-mlfi-asks-the-model-too)).

The \`id\` stays. \`authorization_secret\` and \`{ secret: … }\` name entries of \`secrets\` and stand in the file alone: whoever may
call the API must not choose where a secret is sent.

## What is found out

\`mlfi investigate\` tells what it asked under “What was tried”: one line for each outcome, with all that led to it, so that
what a server says to every guess is said once.

The first contact is one call. A model that answers it is asked for a document that says what it takes, up to four GETs, and stops
at the first that does; any other is asked what its protocols say. A host that answers 429, or anything with \`Retry-After\`, is asked
nothing more in that search, nor one that answers a payload with 502, 503 or 504. One that answers 429 without saying how long is left
alone by all models for a second, doubled each time to a minute, until it answers well. After two GETs without an answer no
further ones are sent, and after 30 s of waiting for answers nothing more is asked.

Where neither a person nor a document says what the model takes, it is asked with what mlfi thinks up. A document that leaves a
part open (any object, numbers of any count, a pattern that is more than characters, classes, groups and counts) says so for the
rest alone. As long as every response to such guesses is the same, nothing is concluded from that: the model may not have understood
them, \`setup\` is \`not-understood\`, and one payload is asked for. \`mlfi init\` asks five times and says so at once.

A redirect by 307 or 308 to the same address with a slash at its end, or without, is followed once, and the model is asked there from
then on. Any other redirect is told, and not followed.

\`mlfi investigate --verbose\` prints each call and its response to standard error: method, address, body and status, bodies cut at 300
characters, without headers and without values of parameters; a secret that a server repeats is shown as \`[secret]\`.

A server that gives a receipt instead of an answer (202, or a body with an id and a status) is asked for the answer until the
timeout: where it says, else below the address by the id, and never at another server.

A server that refuses in words what it was sent is asked as they say: with a picture, candidate labels, a question and its context,
a text with a mask, a list, and, at an address that is named like a prediction, with the fields it names as missing.

What mlfi thinks up may be carried out by a server that is no model, so it is sent to few addresses. Of several operations of a
document only those are asked whose path ends in a prediction’s name, as a whole word (\`predict\`, \`infer\`, \`classify\`, \`score\`,
\`analyze\`, \`generate\`, \`invocations\`, \`embed\`, \`detect\`, \`forecast\` …), and names no action (\`delete\`, \`retrain\`, \`update\`,
\`order\`, \`invoice\`, \`feedback\` …) anywhere; a lone one unless it names an action. An address that names an action is not
asked at all until a payload is given, or a protocol other than \`rest\` and \`multipart\` (what stands for a model’s name in
\`/v2/models/order-risk/infer\` is no action). Any other address that was given gets the greeting and, as long as it refuses, a picture,
a list and the like where it asks for one, and six common shapes; the first of them that it takes without a prediction in its answer is
the last, and so it is for each way of asking that a document describes. The root gets no fields by their names: what they would do
there is not known. An answer of 201 or 202 is no prediction where the address is not named like one, nor is a word such as \`created\`,
\`deleted\` or \`queued\`. A lone
field that is named like a token, a session, a count, a version or an id is none either, nor a value that looks like a credential,
nor a text that mlfi thought up and gets back as it was, twice: a pointer (\`answer\`) says where the prediction is, where it is one.

Plain text is an answer where it is a number, a label and its share (\`spam 0.93\`), or a label of up to three words; a label by itself
only where a payload was given or the text changes with what mlfi thinks up, for \`Quota exceeded\` looks the same. A page, prose and
words about the call (\`OK\`, \`not found\`, \`Login\`) are none; where a model does say such a word, \`"answer": {"prediction": ""}\` takes the whole
text. Binary answers are refused: a model of Open Inference that takes or gives FP16 or BF16 has to be served with FP32, for these do not
travel as JSON.

## Servers tried
`;

/** The page: one row per server, columns as wide as their widest cell, the way prettier lays out a table. */
export function connectingTable(servings: readonly Serving[]): string {
  const cells = servings.map(({ name, connector, payload, reads }) => [
    name,
    `\`${connector}\``,
    payload === undefined ? 'yes' : 'with one payload',
    reads.replaceAll('*', '\\*'),
  ]);
  const rows = [['Server', 'Connector', 'From the address alone', 'Read'], ...cells];
  const widths = [0, 1, 2, 3].map((column) => Math.max(...rows.map((row) => (row[column] ?? '').length)));
  const line = (row: readonly string[]): string =>
    `| ${row.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join(' | ')} |`;
  const [head = [], ...body] = rows;
  return `${HEAD}\n${[line(head), line(widths.map((width) => '-'.repeat(width))), ...body.map(line)].join('\n')}\n`;
}
