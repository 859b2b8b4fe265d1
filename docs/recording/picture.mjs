// Screens of a terminal as an SVG that plays by itself, readable on light and dark pages.

const SECONDS = 20;
const HOLD_SECONDS = 2.5;
const CELL = { width: 7.8, height: 17 };
const MARGIN = 14;
/** Screens that are shown while nothing but the line that says what it waits for changes. */
const MOST_WAITING = 5;

const escaped = (text) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

/** Of the screens between two that brought lines to stay, a few, spread evenly. */
function chosen(screens) {
  const kept = [];
  let waiting = [];
  const take = () => {
    const step = Math.max(1, waiting.length / MOST_WAITING);
    for (let i = 0; i < waiting.length; i += step) kept.push(waiting[Math.floor(i)]);
    waiting = [];
  };
  let settled = 0;
  for (const screen of screens) {
    if (screen.settled > settled) {
      take();
      kept.push({ ...screen, news: screen.settled - settled });
      settled = screen.settled;
    } else waiting.push({ ...screen, news: 0 });
  }
  take();
  return kept;
}

/** How a line is drawn, by what it is. */
const kindOf = (line) =>
  /^(──|\$)/.test(line) ? 'h' : /^ {2}▲/.test(line) ? 'a' : /[▁▂▃▄▅▆▇█]{3}/.test(line) ? 'g' : '';

/** The screens, one beside the other; which one is seen moves on in steps. */
export function picture(screens, { columns, rows, tookS }) {
  const frames = chosen(screens);
  const weights = frames.map(({ news }) => 0.12 + 0.3 * Math.min(8, news));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const width = Math.ceil(columns * CELL.width + 2 * MARGIN);
  const height = rows * CELL.height + 2 * MARGIN;
  const ids = new Map();
  const strip = frames.map(({ lines }, frame) => {
    const uses = lines.slice(-rows).flatMap((line, row) => {
      if (line === '') return [];
      const id = ids.get(line) ?? `l${ids.size}`;
      ids.set(line, id);
      return [`<use href="#${id}" y="${row * CELL.height}"/>`];
    });
    return `<g transform="translate(${frame * width})">${uses.join('')}</g>`;
  });
  const defs = [...ids].map(
    ([line, id]) => `<text id="${id}" x="${MARGIN}" y="${MARGIN + 12}" class="${kindOf(line)}">${escaped(line)}</text>`,
  );
  let at = 0;
  const steps = frames.map((_, frame) => {
    const share = (100 * at) / SECONDS;
    at += (weights[frame] / total) * (SECONDS - HOLD_SECONDS);
    return `${share.toFixed(2)}%{transform:translateX(${-frame * width}px)}`;
  });
  const last = -(frames.length - 1) * width;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="npm run demo, a run of ${tookS} seconds shown in ${SECONDS}: mlfi learns a healthy model, notices that a unit changed, names the cause, is told to repair it and checks that it helped">
<style>
text{font:13px ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;white-space:pre;fill:#1f2328}
rect{fill:#f6f8fa;stroke:#d1d9e0}.h{fill:#0969da;font-weight:600}.a{fill:#cf222e;font-weight:600}.g{fill:#1a7f37}
@media(prefers-color-scheme:dark){text{fill:#e6edf3}rect{fill:#0d1117;stroke:#3d444d}.h{fill:#4493f8}.a{fill:#ff7b72}.g{fill:#3fb950}}
.s{animation:p ${SECONDS}s step-end infinite}
@keyframes p{${steps.join('')}100%{transform:translateX(${last}px)}}
@media(prefers-reduced-motion:reduce){.s{animation:none;transform:translateX(${last}px)}}
</style>
<defs>${defs.join('\n')}</defs>
<rect x=".5" y=".5" width="${width - 1}" height="${height - 1}" rx="8"/>
<svg width="${width}" height="${height}"><g class="s" xml:space="preserve">${strip.join('\n')}</g></svg>
</svg>
`;
}
