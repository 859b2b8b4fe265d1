import { t } from '@grafana/i18n';

export interface Snippet {
  id: string;
  name: string;
  /** What it does and what to put in. */
  note: string;
  code: string;
}

interface Target {
  /** Address of the exporter as senders reach it. */
  exporter: string;
  model: string;
}

/** A way to send predictions, and the address of the exporter it needs; null for one every exporter has. */
interface Way {
  needs: string | null;
  snippet: (target: Target) => Snippet;
}

const KEY = 'MLFI_KEY';

/** The address with the key as its password, for a sender of no headers. */
const withKey = (exporter: string) => exporter.replace('://', `://kserve:${KEY}@`);

const WAYS: Way[] = [
  {
    needs: null,
    snippet: ({ exporter, model }) => ({
      id: 'python',
      name: t('logs.python', 'Python'),
      note: t('logs.python-note', 'Where the prediction is made. Send the label later with the same prediction_id.'),
      code: `import os, uuid, requests

session = requests.Session()
session.headers["Authorization"] = f"Bearer {os.environ['${KEY}']}"

def log(features: dict, prediction, confidence: float) -> str:
    prediction_id = str(uuid.uuid4())
    session.post("${exporter}/api/v1/models/${model}/observations", timeout=2, json={
        "prediction_id": prediction_id,
        "features": features,
        "prediction": prediction,
        "confidence": confidence,
    })
    return prediction_id

def label(prediction_id: str, truth) -> None:
    session.post("${exporter}/api/v1/models/${model}/labels", timeout=2, json={
        "prediction_id": prediction_id, "label": truth,
    })`,
    }),
  },
  {
    needs: null,
    snippet: ({ exporter, model }) => ({
      id: 'curl',
      name: t('logs.curl', 'curl'),
      note: t('logs.curl-note', 'One prediction by hand, to see that the first event arrives.'),
      code: `curl -sS ${exporter}/api/v1/models/${model}/observations \\
  -H "Authorization: Bearer $${KEY}" -H 'Content-Type: application/json' \\
  -d '{"prediction_id":"1","features":{"amount":12.5,"country":"DE"},"prediction":"ok","confidence":0.93}'`,
    }),
  },
  {
    needs: null,
    snippet: ({ exporter, model }) => ({
      id: 'file',
      name: t('logs.file', 'File'),
      note: t(
        'logs.file-note',
        'One JSON object per line. Lines that are wrong are named in the answer, the others are taken.'
      ),
      code: `curl -sS ${exporter}/api/v1/models/${model}/observations \\
  -H "Authorization: Bearer $${KEY}" -H 'Content-Type: application/x-ndjson' \\
  --data-binary @predictions.ndjson`,
    }),
  },
  {
    needs: '/api/v1/cloudevents',
    snippet: ({ exporter, model }) => ({
      id: 'kserve',
      name: t('logs.kserve', 'KServe'),
      note: t(
        'logs.kserve-note',
        'The payload logger of KServe sends every request and response as CloudEvents. It sends no header, so the key stands in the address in the place of MLFI_KEY. In another namespace than "default" the model is called namespace-name, or as intake.services says.'
      ),
      code: `apiVersion: serving.kserve.io/v1beta1
kind: InferenceService
metadata:
  name: ${model}
  namespace: default
spec:
  predictor:
    logger:
      mode: all
      url: ${withKey(exporter)}/api/v1/cloudevents`,
    }),
  },
  {
    needs: '/v1/logs',
    snippet: ({ exporter, model }) => ({
      id: 'opentelemetry',
      name: t('logs.opentelemetry', 'OpenTelemetry'),
      note: t(
        'logs.opentelemetry-note',
        'A second exporter in the collector that your model server reports to already. It says which model its records are of; mlfi.prediction, mlfi.confidence and mlfi.feature.… are attributes of the records.'
      ),
      code: `processors:
  attributes/mlfi:
    actions:
      - { key: mlfi.model, value: ${model}, action: upsert }
exporters:
  otlphttp/mlfi:
    endpoint: ${exporter}
    headers:
      authorization: Bearer \${env:${KEY}}
service:
  pipelines:
    logs/mlfi:
      receivers: [otlp]
      processors: [attributes/mlfi]
      exporters: [otlphttp/mlfi]`,
    }),
  },
  {
    needs: null,
    snippet: ({ model }) => ({
      id: 'kafka',
      name: t('logs.kafka', 'Kafka'),
      note: t(
        'logs.kafka-note',
        'In the configuration file of mlfi, which reads the topic: a row, a list of rows, or a row a line in each record.'
      ),
      code: `sources:
  kafka:
    - name: predictions
      brokers: [kafka.example.org:9092]
      topics: [predictions]
      model: ${model}`,
    }),
  },
];

/** Lines to copy for every way of sending predictions that this exporter takes. */
export const snippetsFor = (target: Target, paths: readonly string[]): Snippet[] =>
  WAYS.filter(({ needs }) => needs === null || paths.includes(needs)).map(({ snippet }) => snippet(target));
