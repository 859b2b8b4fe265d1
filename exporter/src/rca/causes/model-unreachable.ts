import { allAnsweredWithErrors } from './calls-fail.js';
import { failureText } from '../../domain/observation.js';
import { plain, type CauseDefinition } from './cause-definition.js';
import { has } from '../indicators/indicator.js';
import { saidByFailures } from './said-by-failures.js';

/** Share of the failures that must be of one kind for that to be how calls fail. */
const NEARLY_ALL = 0.9;
/** Of several ways in which calls fail, those that are told. */
const MOST_WAYS = 4;

const WORDS: Readonly<Record<string, string>> = {
  timeout: 'it does not respond in time',
  dns: 'its host name cannot be resolved',
  tls: 'the encrypted connection cannot be made',
  http_5xx: 'it answers with server errors at best',
  http_4xx: 'it refuses every call',
  blocked: 'the egress policy forbids calling it',
};

/** A connection that is refused, and one that breaks off, are told by the same reason. */
function wordsFor(reason: string, said: string | null): string {
  if (reason !== 'connect') return WORDS[reason] ?? 'its responses cannot be used';
  return said === null || said.startsWith('the connection was refused') ? 'nothing listens at its address' : said;
}

/** Users get no answer at all. Predicts: every recent call fails, for one and the same reason. */
export const modelUnreachable: CauseDefinition = {
  id: 'model-unreachable',
  leadIndicators: ['no-answers-at-all', 'transport-failures', 'timeouts'],
  expects: ['calls-fail'],
  excludes: ['failures-in-bursts', 'failures-in-one-group'],
  hypotheses(symptoms) {
    if (!has(symptoms, 'unreachable') || saidByFailures(symptoms) !== null) return [];
    if (allAnsweredWithErrors(symptoms)) return [];
    const reasons = Object.entries(symptoms.service.failuresByReason).sort(([, a], [, b]) => b - a);
    const [[, most] = ['', 0]] = reasons;
    if (most < NEARLY_ALL * symptoms.service.failures.count) {
      const ways = reasons.slice(0, MOST_WAYS).map(([reason]) => failureText(reason));
      return [
        plain(`No call gets a prediction: they fail in several ways (${ways.join(', ')})`, { shareExplained: 1 }),
      ];
    }
    const [[reason] = [null]] = reasons;
    const how = reason === null ? 'no call gets a prediction' : wordsFor(reason, symptoms.service.said);
    return [plain(`Model unreachable: ${how}`, { shareExplained: 1 })];
  },
};
