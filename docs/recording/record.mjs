// `npm run demo:record`: runs the demo on a pseudo-terminal of 80 columns, approves its plan with a key, and draws what was shown as
// docs/screenshots/demo.svg. Nothing is written by hand; only waits are shortened. Needs Python, which makes the terminal.
//   node docs/recording/record.mjs [--columns 80] [--text FILE]   --text: what was shown, as plain text, and no picture
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { picture } from './picture.mjs';
import { screensOf } from './screens.mjs';

const ROOT = join(import.meta.dirname, '../..');
const TERMINAL = join(ROOT, 'test/integration/servers/terminal.py');
const SVG = join(ROOT, 'docs/screenshots/demo.svg');
const ROWS = 26;
/** What is typed, once the text before it is shown. */
const TYPED = [
  ['Approve? y = yes', 'y'],
  ['q  quit', 'q'],
];
/** From here on keys of this run are shown. */
const END = '  Other faults to try:';

const { values } = parseArgs({ options: { columns: { type: 'string', default: '80' }, text: { type: 'string' } } });
const columns = Number(values.columns);
const command = ['npm', 'run', '--silent', 'demo', '--', '--port', '0'];

const shown = [];
const beganMs = Date.now();
const child = spawn(process.env.MLFI_PYTHON ?? 'python3', [TERMINAL, String(columns), ...command], {
  cwd: ROOT,
  stdio: ['pipe', 'pipe', 'inherit'],
});
const waiting = [...TYPED];
let heard = '';
child.stdout.setEncoding('utf8').on('data', (text) => {
  shown.push({ atMs: Date.now() - beganMs, text });
  heard += text;
  const [next] = waiting;
  if (next === undefined || !heard.includes(next[0])) return;
  waiting.shift();
  heard = '';
  child.stdin.write(next[1]);
});
const code = await new Promise((resolve) => child.on('close', resolve));
if (code !== 0) {
  console.error(shown.map(({ text }) => text).join(''));
  console.error(`The demo ended with ${code}; nothing is written.`);
  process.exit(1);
}
const screens = screensOf([{ atMs: 0, text: '$ npm run demo\r\n' }, ...shown], columns, END);
if (values.text !== undefined) writeFileSync(values.text, `${screens.at(-1)?.lines.join('\n') ?? ''}\n`);
else {
  const tookS = Math.round((screens.at(-1)?.atMs ?? 0) / 1_000);
  const svg = picture(screens, { columns, rows: ROWS, tookS });
  writeFileSync(SVG, svg);
  console.log(`${SVG} written: ${Math.round(svg.length / 1_000)} kB of a run of ${tookS} s`);
}
