import { probabilityText, wholePercent } from '../../domain/quantity-text.js';
import { effectText } from '../effect-text.js';
import { timeText } from '../../domain/time-text.js';
import { adviceTitle, incidentText, withdrawnText, type ReportInput } from './report-input.js';

/** Text from models and categories must not become markup. Backticks stay: texts stored by 0.1.0 mark names by them. */
function escape(text: string): string {
  return text.replace(/[\\*_[\]<>|#]/g, (character) => `\\${character}`).replaceAll('\n', ' ');
}

/** For tickets and chats. */
export function markdownReport(input: ReportInput): string {
  const { diagnosis, explanation, incident } = input;
  const lines = [
    `# ${escape(explanation.headline)}`,
    '',
    `Severity **${incident?.severity ?? diagnosis.severity}** — ${escape(diagnosis.severityReason)}`,
    '',
    `Model \`${input.modelName.replaceAll('`', '')}\` · ${incidentText(input, (id) => `\`${id}\``)} · report of ${timeText(input.generatedAtMs)}`,
  ];
  if (explanation.summary !== undefined) lines.push('', escape(explanation.summary));
  for (const paragraph of explanation.paragraphs) lines.push('', escape(paragraph));

  lines.push('', '## Causes considered', '', '| probability | cause | for | against |', '|---|---|---|---|');
  for (const cause of diagnosis.causes) {
    lines.push(
      `| ${probabilityText(cause.probability)} | ${escape(cause.title)} | ${cause.supporting.map(({ text }) => escape(text)).join('<br>')} | ${cause.refuting.map(({ text }) => escape(text)).join('<br>')} |`,
    );
  }

  lines.push('', `## ${adviceTitle(input)}`);
  input.recommendations.forEach((recommendation, index) => {
    lines.push(
      '',
      `${index + 1}. **[${recommendation.priority}] ${escape(recommendation.title)}**${withdrawnText(recommendation)} — ${escape(recommendation.why)}`,
    );
    for (const step of recommendation.steps) lines.push(`   - ${escape(step)}`);
    lines.push(
      `   - Expected: ${escape(recommendation.expectedEffect)} Risk: ${escape(recommendation.risk)} Verified by: ${escape(recommendation.verificationText)}`,
    );
  });

  lines.push('', '## Findings', '', '| finding | statistic | threshold | effect |', '|---|---|---|---|');
  for (const finding of diagnosis.findings) {
    lines.push(
      `| ${escape(finding.sentence)} | ${finding.statistic.name.replaceAll('_', ' ')} ${finding.statistic.value.toPrecision(3)} | ${finding.threshold.toPrecision(3)} | ${effectText(finding.effect)} |`,
    );
  }
  if (incident !== null) {
    lines.push('', '## Timeline', '');
    for (const entry of incident.timeline) lines.push(`- ${timeText(entry.atMs)} — ${escape(entry.text)}`);
  }
  if (input.similar.length > 0) {
    lines.push('', '## Seen before', '');
    for (const { lesson, similarity } of input.similar) {
      const helped = lesson.actions
        .filter(({ outcome }) => outcome === 'recovered')
        .map(({ action }) => action.replaceAll('-', ' '));
      lines.push(
        `- ${wholePercent(similarity)} alike, ${timeText(lesson.openedAtMs)}: ${escape(lesson.headline)}${helped.length === 0 ? '' : ` Helped: ${helped.join(', ')}.`}`,
      );
    }
  }
  if (diagnosis.blindSpots.length > 0) {
    lines.push('', '## Not seen', '');
    for (const { check, reason } of diagnosis.blindSpots) lines.push(`- ${escape(check)}: ${escape(reason)}`);
  }
  return `${lines.join('\n')}\n`;
}
