import { probabilityText, signed, wholePercent } from '../../domain/quantity-text.js';
import { timeText } from '../../domain/time-text.js';
import { barChart, histogramChart, intervalChart, waterfallChart } from './charts.js';
import { featureMoves } from './feature-moves.js';
import type { EvidenceStatement } from '../../domain/cause.js';
import { escapeHtml } from './escape-html.js';
import { adviceTitle, incidentText, withdrawnText, type ReportInput } from './report-input.js';

const STYLE = `
:root{--ink:#1c2530;--soft:#5c6b7a;--line:#d9e0e7;--paper:#fff;--card:#f5f7fa;--accent:#2f6fde;--before:#9fb3c8;--bad:#c8372d;--warn:#c77700;--good:#2b8a3e}
@media (prefers-color-scheme:dark){:root{--ink:#e6ebf0;--soft:#9aa8b5;--line:#33404d;--paper:#12181f;--card:#1b232c;--accent:#7aa7ff;--before:#5b6f83;--bad:#ff7b72;--warn:#f0a840;--good:#5dd27a}}
body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
main{max-width:60rem;margin:0 auto;padding:2.5rem 1.25rem 4rem}
h1{font-size:1.55rem;line-height:1.3;margin:.4rem 0 1rem}h2{font-size:1.1rem;margin:2.4rem 0 .7rem;border-bottom:1px solid var(--line);padding-bottom:.3rem}
.lead{font-size:1.08rem}.meta,.note{color:var(--soft);font-size:.9rem}.badge{display:inline-block;padding:.15rem .6rem;border-radius:1rem;font-weight:600;font-size:.8rem;letter-spacing:.03em;text-transform:uppercase;color:var(--paper);background:var(--soft)}
.critical,.CRITICAL{background:var(--bad)}.high,.HIGH{background:var(--warn)}.medium,.MEDIUM{background:var(--accent)}
.card{background:var(--card);border:1px solid var(--line);border-radius:.5rem;padding:1rem 1.2rem;margin:.8rem 0}.card h3{margin:0 0 .4rem;font-size:1rem}
ul{margin:.4rem 0;padding-left:1.2rem}.for::marker{content:"+ ";color:var(--good)}.against::marker{content:"− ";color:var(--bad)}
table{border-collapse:collapse;width:100%;font-size:.9rem}td,th{text-align:left;padding:.4rem .6rem;border-bottom:1px solid var(--line);vertical-align:top}td.n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
svg{display:block;max-width:100%;height:auto}svg text{fill:var(--ink);font-size:12px}figure{margin:1rem 0}figcaption{color:var(--soft);font-size:.85rem;margin-top:.3rem}code{background:var(--card);padding:.05rem .3rem;border-radius:.25rem}`;

/** Escaped text; texts stored by 0.1.0 mark names by backticks, which are set as code. */
const rich = (text: string): string => escapeHtml(text).replace(/`([^`]+)`/g, '<code>$1</code>');

/** One self-contained file: no script, no request, light and dark. Everything from outside is escaped. */
export function htmlReport(input: ReportInput): string {
  const { diagnosis, explanation, incident } = input;
  const severity = incident?.severity ?? diagnosis.severity;
  const body = [
    `<p><span class="badge ${severity}">${severity}</span> <span class="meta">${escapeHtml(input.modelName)} · ${incidentText(input, escapeHtml)}</span></p>`,
    `<h1>${rich(explanation.headline)}</h1>`,
    explanation.summary === undefined ? '' : `<p class="lead">${rich(explanation.summary)}</p>`,
    ...explanation.paragraphs.map((paragraph) => `<p>${rich(paragraph)}</p>`),
    recommendations(input),
    causes(input),
    charts(input),
    findings(input),
    timeline(input),
    similar(input),
    blindSpots(input),
    `<p class="note">Written by mlfi on ${timeText(input.generatedAtMs)}. Made from counts; no feature value of a single request is in this file.</p>`,
  ].join('\n');
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1"><meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'"><title>${escapeHtml(explanation.headline.slice(0, 120))}</title><style>${STYLE}</style></head>
<body><main>
${body}
</main></body></html>
`;
}

function recommendations(input: ReportInput): string {
  const cards = input.recommendations.map(
    (recommendation, index) =>
      `<div class="card"><h3>${index + 1}. <span class="badge ${recommendation.priority}">${recommendation.priority}</span> ${rich(recommendation.title)}${withdrawnText(recommendation)}</h3><p>${rich(recommendation.why)}</p><ul>${recommendation.steps.map((step) => `<li>${rich(step)}</li>`).join('')}</ul><p class="note">Expected: ${rich(recommendation.expectedEffect)} · Risk: ${rich(recommendation.risk)} · Verified by: ${rich(recommendation.verificationText)}</p></div>`,
  );
  return `<h2>${adviceTitle(input)}</h2>${cards.join('')}`;
}

/** A statement with where it was read off and the log-odds it carried, so that every number can be followed. */
function statementItem(side: 'for' | 'against', { text, source, logOdds }: EvidenceStatement): string {
  const from = source === undefined ? '' : ` <span class="meta">(${escapeHtml(source)}, ${signed(logOdds, 1)})</span>`;
  return `<li class="${side}">${rich(text)}${from}</li>`;
}

function causes({ diagnosis }: ReportInput): string {
  const bars = barChart(
    diagnosis.causes
      .slice(0, 6)
      .map(({ title, probability }) => ({ label: title.replaceAll('`', ''), value: probability })),
  );
  const cards = diagnosis.causes
    .slice(0, 4)
    .map(
      (cause) =>
        `<div class="card"><h3>${rich(cause.title)} <span class="meta">${probabilityText(cause.probability)}</span></h3><ul>${cause.supporting.map((statement) => statementItem('for', statement)).join('')}${cause.refuting.map((statement) => statementItem('against', statement)).join('')}</ul></div>`,
    );
  return `<h2>Causes considered</h2><figure>${bars}<figcaption>Probability among the causes considered. Statements carry their source and the log-odds they add.</figcaption></figure>${cards.join('')}`;
}

function charts({ baseline, window, diagnosis }: ReportInput): string {
  const before = baseline?.profile.signals.get('confidence');
  const now = window?.signals.get('confidence');
  const parts: string[] = [];
  if (diagnosis.impact !== null && diagnosis.impact !== undefined) {
    parts.push(
      `<figure>${intervalChart(diagnosis.impact.share, diagnosis.impact.interval)}<figcaption>${rich(diagnosis.impact.sentence)}</figcaption></figure>`,
    );
  }
  const moves = baseline === null || window === null ? [] : featureMoves(baseline.profile, window);
  if (moves.length > 0) {
    parts.push(
      `<figure>${barChart(moves)}<figcaption>How far each input moved (Kolmogorov–Smirnov or total variation distance, 0–100 %).</figcaption></figure>`,
    );
  }
  if (now?.kind === 'numeric') {
    parts.push(
      `<figure>${histogramChart(before?.kind === 'numeric' ? before : null, now)}<figcaption>Confidence: grey before, coloured now.</figcaption></figure>`,
    );
  }
  if (diagnosis.decomposition !== null) {
    parts.push(
      `<figure>${waterfallChart(diagnosis.decomposition)}<figcaption>How mean ${diagnosis.decomposition.measure} moved, and what each part explains.</figcaption></figure>`,
    );
  }
  return parts.length === 0 ? '' : `<h2>What changed</h2>${parts.join('')}`;
}

function findings({ diagnosis }: ReportInput): string {
  if (diagnosis.findings.length === 0) return '';
  const rows = diagnosis.findings.map(
    (finding) =>
      `<tr><td>${rich(finding.sentence)}</td><td class="n">${escapeHtml(finding.statistic.name.replaceAll('_', ' '))} ${finding.statistic.value.toPrecision(3)}</td><td class="n">${finding.threshold.toPrecision(3)}</td><td class="n">${finding.pValue === null ? '' : finding.pValue.toExponential(1)}</td></tr>`,
  );
  return `<h2>Findings</h2><table><thead><tr><th>finding</th><th>statistic</th><th>threshold</th><th>p (this window)</th></tr></thead><tbody>${rows.join('')}</tbody></table>`;
}

function timeline({ incident }: ReportInput): string {
  if (incident === null) return '';
  return `<h2>Timeline</h2><ul>${incident.timeline.map(({ atMs, text }) => `<li><span class="meta">${timeText(atMs)}</span> ${rich(text)}</li>`).join('')}</ul>`;
}

function similar({ similar: list }: ReportInput): string {
  if (list.length === 0) return '';
  return `<h2>Seen before</h2><ul>${list.map(({ lesson, similarity }) => `<li>${wholePercent(similarity)} alike, ${timeText(lesson.openedAtMs)}: ${rich(lesson.headline)}</li>`).join('')}</ul>`;
}

function blindSpots({ diagnosis }: ReportInput): string {
  if (diagnosis.blindSpots.length === 0) return '';
  return `<h2>Not seen</h2><ul>${diagnosis.blindSpots.map(({ check, reason }) => `<li>${rich(check)}: ${rich(reason)}</li>`).join('')}</ul>`;
}
