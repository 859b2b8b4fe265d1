// `npm run bench:rca [seeds per cell] [--write]`: how often root cause is right on test seeds, per fault, beside simpler rules.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { WEIGHTS } from '../../exporter/src/rca/causes/weights.js';
import { calibrationError } from '../faults/conditional-logit.js';
import { FAULT_KINDS } from '../faults/kinds/index.js';
import {
  falseCauses,
  featureOverlap,
  isRight,
  measure,
  namedRight,
  segmentOverlap,
  topProbabilities,
  type Measured,
} from '../faults/measure.js';
import { trainZooModels } from '../faults/models/index.js';
import { zooCases } from '../faults/replay.js';
import { RIVALS } from '../faults/rivals.js';

const CHECKPOINTS = [30, 60, 90, 120, 160, 200];
const seeds = Number(process.argv.find((argument) => /^\d+$/.test(argument)) ?? 6);
/** Naming nothing where nothing is wrong is a bar of its own: 2 % needs more than a few cases to be seen. */
const HEALTHY_SEEDS = 50;
const models = trainZooModels();
const cases = zooCases(FAULT_KINDS, models, 'test', seeds);
const startedAt = Date.now();
const measured = cases.map((zooCase, i) => {
  if (i % 100 === 99) console.error(`${i + 1} of ${cases.length}, ${((Date.now() - startedAt) / 1000).toFixed(0)} s`);
  return measure(zooCase, CHECKPOINTS, RIVALS);
});
const secondsPerCase = (Date.now() - startedAt) / 1000 / cases.length;

const percent = (part: number, of: number): string => (of === 0 ? '–' : `${((100 * part) / of).toFixed(0)} %`);
const percent1 = (share: number): string => `${(100 * share).toFixed(1)} %`;
const rivalRight = (some: readonly Measured[], name: string): number =>
  some.filter(({ truth, rivals }) => isRight(truth, rivals[name] ?? 'none')).length;

function timeToCause(some: readonly Measured[]): string {
  const times = some.map(({ requestsToCause }) => requestsToCause ?? Infinity).sort((a, b) => a - b);
  const median = times[Math.floor((times.length - 1) / 2)] ?? Infinity;
  return Number.isFinite(median) ? `${median}` : `> ${CHECKPOINTS.at(-1) ?? 0}`;
}

/** Woken: an incident that pages and is more than a note. */
const woken = ({ paged, severity }: Measured): boolean => paged && severity !== 'none' && severity !== 'low';

function row(name: string, some: readonly Measured[]): string {
  const { cases: count, first, amongThree } = namedRight(some);
  const blamed = some.some(({ truth }) => truth.features.length > 0) ? featureOverlap(some) : null;
  const segments = some.filter(({ truth }) => ['segment-outage', 'segment-concept-drift'].includes(truth.cause));
  const cells = [
    name,
    `${count}`,
    percent(first, count),
    percent(amongThree, count),
    blamed === null ? '–' : `${blamed.precision.toFixed(2)} / ${blamed.recall.toFixed(2)}`,
    segments.length === 0 ? '–' : segmentOverlap(segments).f1.toFixed(2),
    timeToCause(some),
    percent(some.filter((one) => woken(one) === one.truth.page).length, count),
    ...Object.keys(RIVALS).map((rival) => percent(rivalRight(some, rival), count)),
  ];
  return `| ${cells.join(' | ')} |`;
}

const names = [
  'fault',
  'cases',
  'first',
  'in three',
  'features P / R',
  'segment F1',
  'requests to cause',
  'paging right',
];
const header = [...names, ...Object.keys(RIVALS)];
const lines = [
  `| ${header.join(' | ')} |`,
  `|${header.map((_, i) => (i === 0 ? '---' : '---:')).join('|')}|`,
  ...FAULT_KINDS.map(({ id }) =>
    row(
      id,
      measured.filter(({ kind }) => kind === id),
    ),
  ),
  row('**all**', measured),
];
const isHealthy = (id: string): boolean => id === 'nothing at all' || id.startsWith('seasonal');
const healthy = zooCases(
  FAULT_KINDS.filter(({ id }) => isHealthy(id)),
  models,
  'test',
  Math.max(seeds, HEALTHY_SEEDS),
).map((zooCase) => measure(zooCase));
const false_ = falseCauses(healthy);
const campaigns = measured.filter(({ truth }) => !truth.page && truth.cause === 'traffic-mix-change');
const foreseen = measured.filter(({ kind }) => !kind.startsWith('unforeseen'));
const totals = namedRight(foreseen);
const summary = [
  `${measured.length} cases on test seeds (${seeds} per fault and model, three models), ${secondsPerCase.toFixed(2)} s per case with six evaluations on the way.`,
  `Foreseen faults: right first ${percent1(totals.first / totals.cases)}, among three ${percent1(totals.amongThree / totals.cases)} of ${totals.cases}.`,
  `Healthy cases (nothing at all, seasonal peak): a fault named above one half in ${false_.named} of ${false_.cases}.`,
  `Segments (outage, concept flip): F1 ${segmentOverlap(measured).f1.toFixed(3)}; features: precision ${featureOverlap(foreseen).precision.toFixed(3)}, recall ${featureOverlap(foreseen).recall.toFixed(3)}.`,
  `Benign traffic changes: a human woken in ${campaigns.filter(woken).length} of ${campaigns.length}.`,
  `Expected calibration error of the first cause's probability: ${calibrationError(topProbabilities(measured)).toFixed(3)}.`,
  `Weights: ${WEIGHTS.provenance}`,
];
console.log([...lines, '', ...summary].join('\n'));

if (process.argv.includes('--write')) {
  const confusions = new Map<string, number>();
  for (const { truth, causes } of measured) {
    const said = causes[0]?.id ?? 'none';
    if (!isRight(truth, said)) {
      const pair = `${truth.cause} → ${said}`;
      confusions.set(pair, (confusions.get(pair) ?? 0) + 1);
    }
  }
  const mistakes = [...confusions]
    .sort(([, a], [, b]) => b - a)
    .slice(0, 15)
    .map(([pair, count]) => `| ${pair} | ${count} |`);
  const generated = [
    '<!-- generated: npm run bench:rca -- --write -->',
    ...lines,
    '',
    ...summary.map((line) => `- ${line}`),
    '',
    '| said wrongly (true → said) | cases |',
    '|---|---:|',
    ...mistakes,
    '<!-- end -->',
  ].join('\n');
  const file = join(import.meta.dirname, '..', '..', 'docs', 'root-cause-accuracy.md');
  const text = readFileSync(file, 'utf8');
  writeFileSync(
    file,
    text.replace(/<!-- generated:[\s\S]*<!-- end -->/, () => generated),
  );
}
