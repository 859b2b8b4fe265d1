import { allAnsweredWithErrors } from './calls-fail.js';
import { plain, type CauseDefinition } from './cause-definition.js';
import { has } from '../indicators/indicator.js';
import { saidByFailures } from './said-by-failures.js';

const WORDS: Readonly<Record<string, string>> = {
  timeout: 'it does not respond in time',
  connect: 'nothing listens at its address',
  dns: 'its host name cannot be resolved',
  tls: 'the encrypted connection cannot be made',
  http_5xx: 'it answers with server errors at best',
  http_4xx: 'it refuses every call',
  blocked: 'the egress policy forbids calling it',
};

/** Users get no answer at all. Predicts: every recent call fails, for one and the same reason. */
export const modelUnreachable: CauseDefinition = {
  id: 'model-unreachable',
  leadIndicators: ['no-answers-at-all', 'transport-failures', 'timeouts'],
  expects: ['calls-fail'],
  excludes: ['failures-in-bursts', 'failures-in-one-group'],
  hypotheses(symptoms) {
    if (!has(symptoms, 'unreachable') || saidByFailures(symptoms) !== null) return [];
    if (allAnsweredWithErrors(symptoms)) return [];
    const [reason] = Object.entries(symptoms.service.failuresByReason).sort(([, a], [, b]) => b - a)[0] ?? [null];
    const how = reason === null ? 'no call gets a prediction' : (WORDS[reason] ?? 'its responses cannot be used');
    return [plain(`Model unreachable: ${how}`, { shareExplained: 1 })];
  },
};
