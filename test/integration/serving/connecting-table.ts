import type { Serving } from './serving.js';

const HEAD = `# What mlfi can ask

A model is asked from its address alone where its server says, or its protocol tells, what it takes. The table is what
the tests hold: every server is a small one written from its protocol’s own document, which refuses what the real one
refuses (\`test/integration/serving\`); FastAPI, Gradio and MLflow are tried as real servers besides
(\`test/integration/connectors.test.ts\`). \`UPDATE_DOCS=1\` with that test writes this page anew.

What is read from where is told when a model is found: paths are JSON pointers.

\`mlfi config check --online mlfi.yml\` asks every model of a configuration file once and says in a line each what came of
it. A model in service is changed without a restart: in the file, taken over by \`POST /-/reload\` or SIGHUP, or by
\`PATCH /api/v1/models/{id}\` with what changes (\`null\` removes). What a model took before is tried first at its new address,
so that its golden inputs and their remembered answers stay. What is changed by PATCH holds until the file says something
else than it did.
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
