import { t } from '@grafana/i18n';
import { figure, seconds } from '../components/format';

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;

/** What was read from one answer, as lines of name and value; a figure the model does not give is said to be missing. */
export function readOf(answer: unknown): Array<{ name: string; value: string }> {
  if (!isObject(answer)) {
    return [];
  }
  const { prediction, confidence } = answer;
  const latency = answer.latency_seconds ?? answer.latencySeconds;
  const version = answer.model_version ?? answer.modelVersion;
  const missing = t('connect.not-given', 'not given');
  return [
    {
      name: t('connect.prediction', 'Prediction'),
      value: prediction === null || prediction === undefined ? missing : String(prediction),
    },
    {
      name: t('connect.confidence', 'Confidence'),
      value:
        typeof confidence === 'number'
          ? figure(confidence)
          : t('connect.no-confidence', 'not given: drops in confidence cannot be seen'),
    },
    {
      name: t('connect.latency', 'Latency'),
      value: typeof latency === 'number' ? seconds(latency) : missing,
    },
    { name: t('connect.version', 'Version'), value: typeof version === 'string' ? version : missing },
  ];
}
