import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadConfig } from '../../../exporter/src/config/load.js';
import { describeProblem } from '../../../exporter/src/config/problem.js';

const FOLDER = join(import.meta.dirname, '../../data/config');

/** fixture → line, column, key, what the message says, what the remedy says */
const EXPECTED: Readonly<Record<string, readonly [number, number, string, string, string]>> = {
  'address-not-ip': [
    2,
    12,
    'listen.address',
    'must be an IP address or localhost',
    'write 127.0.0.1 for this machine only, 0.0.0.0 for every interface',
  ],
  'approvals-unknown-action': [
    3,
    5,
    'governance.approvals.re-train',
    'is not a key that can be used here',
    'did you mean `retrain`?',
  ],
  'approvals-zero': [3, 14, 'governance.approvals.retrain', 'must be at least 1', 'raise it'],
  'approvers-role': [
    3,
    13,
    'governance.approvers.roles.0',
    'is not one of the values that can be used here',
    'write one of `None`, `Viewer`, `Editor`, `Admin`',
  ],
  'freeze-backwards': [5, 14, 'governance.freezes.0.until', 'must lie after `from`', 'write a later moment'],
  'freeze-moment': [
    4,
    13,
    'governance.freezes.0.from',
    'must be a moment with its offset',
    'write e.g. 2026-12-20T00:00:00Z, or add `days`',
  ],
  'freeze-time-of-day': [3, 42, 'governance.freezes.0.from', 'must be a time of day', 'write e.g. "18:00" in quotes'],
  'freeze-time-zone': [
    3,
    78,
    'governance.freezes.0.time_zone',
    'is no known time zone',
    'write an IANA name, e.g. Europe/Berlin',
  ],
  'grafana-short-secret': [4, 20, 'identity.grafana.shared_secret', 'must have at least 32 characters', 'add to it'],
  'grafana-without-secret': [
    3,
    5,
    'identity.grafana',
    'has a `url` but no shared secret',
    'add `shared_secret_file`, with the text entered in the plugin’s configuration',
  ],
  'person-twice': [4, 16, 'identity.local_people.1.login', '"ada" is used twice', 'give every entry a name of its own'],
  'person-without-token': [3, 7, 'identity.local_people.0', 'holds no secret', 'add `token` or `token_file`'],
  'policy-break-glass': [
    4,
    20,
    'governance.policies.0.break_glass',
    'has no effect while `governance.break_glass.enabled` is false',
    'enable it there, or remove this key',
  ],
  'policy-twice': [
    5,
    26,
    'governance.policies.1.actions.1',
    '"rollback" has a policy already',
    'list each action in one policy',
  ],
  'start-within-too-short': [
    2,
    17,
    'governance.start_within',
    'must lie between 1m and 364d',
    'write a duration from 1m to 52w',
  ],
  'cidr-without-bits': [
    4,
    7,
    'egress.allow_cidrs.1',
    'must be an address range in CIDR notation',
    'write e.g. 10.0.0.0/8 or fd00::/8; one address is 10.1.2.3/32',
  ],
  'command-as-text': [6, 14, 'governance.executors.commands.0.run', 'must be a list', 'write `[a, b]`'],
  'command-relative': [
    6,
    15,
    'governance.executors.commands.0.run.0',
    'must be the absolute path of a program',
    'arguments are items of their own',
  ],
  'database-both': [3, 13, 'database.url_file', 'cannot stand beside `url`', 'keep one of the two'],
  'database-url': [
    2,
    8,
    'database.url',
    'must be a PostgreSQL connection URL',
    'write postgres://user:password@host:5432/database, or leave `database` out to use the embedded SQLite file',
  ],
  'alerts-no-labels': [2, 17, 'alerts.model_labels', 'must have at least 1 items', 'add to it'],
  'alerts-secret-unknown': [
    2,
    19,
    'alerts.grafana_secret',
    'names no entry of `secrets`',
    'add the secret under `secrets`, or correct the name',
  ],
  'discovery-url': [
    2,
    10,
    'discovery.urls.0',
    'must be a whole http or https address',
    'write e.g. https://models.example.org/predict',
  ],
  'duplicate-key': [3, 1, '', 'the same key is given twice', 'keep one of the two'],
  'duration-text-without-unit': [
    2,
    13,
    'probing.interval',
    'must be a duration with a unit',
    'write a whole number with ms, s, m, h, d or w, e.g. 30s or 1h30m',
  ],
  'duration-too-short': [2, 11, 'windows.length', 'must lie between 1s and 1d', 'write a duration from 1s to 1d'],
  'duration-unknown-unit': [
    2,
    11,
    'windows.length',
    'must be a duration with a unit',
    'write a whole number with ms, s, m, h, d or w, e.g. 30s or 1h30m',
  ],
  'duration-without-unit': [
    2,
    13,
    'probing.interval',
    'must be a duration with a unit',
    'write a whole number with ms, s, m, h, d or w, e.g. 30s or 1h30m',
  ],
  'error-shares-reversed': [
    3,
    25,
    'detection.critical_error_share',
    'must not be below `error_share`',
    'write at least 0.3',
  ],
  'executor-action-twice': [
    9,
    29,
    'governance.executors.commands.0.actions.1',
    '"retrain" already goes to "ci"',
    'let one target carry out each action, or give them different `models`',
  ],
  'executor-github-repository': [
    6,
    21,
    'governance.executors.github_workflows.0.repository',
    'must be the owner and the name of a repository',
    'write e.g. acme/fraud-model',
  ],
  'executor-operation': [
    8,
    29,
    'governance.executors.kubernetes.0.actions.1',
    '"retrain" is not what rollout-undo does',
    'write `rollback`, or choose another operation',
  ],
  'executor-name-twice': [
    8,
    15,
    'governance.executors.commands.0.name',
    '"ci" is used twice',
    'give every entry a name of its own',
  ],
  'executor-secret-unknown': [
    8,
    31,
    'governance.executors.alertmanager_silences.0.authorization_secret',
    'names no entry of `secrets`',
    'add the secret under `secrets`, or correct the name',
  ],
  'host-with-scheme': [
    2,
    17,
    'egress.allow_hosts.0',
    'must be a host name',
    'write the name alone, e.g. models.example.org or *.example.org, without scheme and port',
  ],
  'log-level': [
    2,
    10,
    'logging.level',
    'is not one of the values that can be used here',
    'write one of `debug`, `info`, `warn`, `error`, `silent`',
  ],
  'metrics-no-signals': [2, 22, 'metrics.signals_per_model', 'must be at least 1', 'raise it'],
  'probe-module-name': [
    2,
    3,
    'probe_modules.Golden_Inputs',
    'must be 1–64 characters of a–z, 0–9 and "-", starting and ending with a letter or digit',
    'write e.g. fraud-detector',
  ],
  'model-connector-without-url': [
    3,
    16,
    'models.0.connector',
    'has no use without `url`',
    'add the `url` to ask, or remove this key: a model without `url` is known by its prediction logs only',
  ],
  'model-connector': [
    4,
    16,
    'models.0.connector',
    'is not one of the values that can be used here',
    'write one of `rest`, `huggingface-inference`, `huggingface-space`, `gradio`, `open-inference`, `mlflow`, `torchserve`, `bentoml`',
  ],
  'model-id-not-slug': [
    2,
    9,
    'models.0.id',
    'must be 1–64 characters of a–z, 0–9 and "-", starting and ending with a letter or digit',
    'write e.g. fraud-detector',
  ],
  'model-id-twice': [4, 9, 'models.1.id', '"fraud" is used twice', 'give every entry a name of its own'],
  'model-secret-unknown': [
    7,
    27,
    'models.0.authorization_secret',
    'names no entry of `secrets`',
    'add the secret under `secrets`, or correct the name',
  ],
  'model-url-credentials': [
    3,
    10,
    'models.0.url',
    'must not carry a user name or password',
    'put the credential under `secrets` and name it in `authorization_secret`',
  ],
  'model-url-scheme': [
    3,
    10,
    'models.0.url',
    'must be a whole http or https address',
    'write e.g. https://models.example.org/predict',
  ],
  'model-without-id': [2, 5, 'models.0.id', 'is missing', 'add it; it is a text'],
  'no-calls': [
    2,
    21,
    'probing.probes_per_cycle',
    'leaves a cycle without a call, since `golden_inputs` is 0 too',
    'write at least 1, or allow golden inputs',
  ],
  'not-a-section': [
    1,
    1,
    '',
    'must be a section with keys of its own',
    'write its keys below it, indented by two spaces',
  ],
  'not-a-whole-number': [
    2,
    16,
    'probing.concurrency',
    'must be a whole number',
    'write digits without quotes or a decimal point, e.g. 10',
  ],
  'port-out-of-range': [3, 9, 'listen.port', 'must be at most 65535', 'lower it'],
  'secret-both': [4, 17, 'secrets.hf.value_file', 'cannot stand beside `value`', 'keep one of the two'],
  'secret-empty': [2, 7, 'secrets.hf', 'holds no secret', 'add `value` or `value_file`'],
  'secret-file-missing': [
    3,
    17,
    'secrets.hf.value_file',
    'the file it names cannot be read (ENOENT)',
    'name a readable file that holds the secret and nothing else',
  ],
  'secret-name': [
    2,
    3,
    'secrets.HF_TOKEN',
    'must be 1–64 characters of a–z, 0–9 and "-", starting and ending with a letter or digit',
    'write e.g. fraud-detector',
  ],
  'share-above-one': [2, 19, 'detection.low_confidence', 'must be at most 1', 'lower it'],
  'silence-without-matchers': [
    7,
    19,
    'governance.executors.alertmanager_silences.0.matchers',
    'must name at least one label',
    'write e.g. { model: "{model}" }',
  ],
  'size-too-large': [
    2,
    17,
    'http.maximum_body',
    'must lie between 1KiB and 256MiB',
    'write a size from 1KiB to 256MiB',
  ],
  'size-without-unit': [
    2,
    17,
    'http.maximum_body',
    'must be a size with a unit',
    'write a whole number with B, KiB, MiB, GiB, kB, MB or GB, e.g. 8MiB',
  ],
  'syntax-bracket': [
    2,
    1,
    '',
    'this is not valid YAML (flow sequence in block collection must be sufficiently indented and end with a ])',
    'check indentation, quotes and brackets here and in the line above',
  ],
  'syntax-tab': [2, 1, '', 'a tab is used for indentation', 'indent with spaces'],
  'two-documents': [3, 1, '', 'the file holds more than one YAML document', 'remove the `---` line and what follows'],
  'unknown-key': [2, 3, 'probing.intervall', 'is not a key that can be used here', 'did you mean `interval`?'],
  'unknown-nested-key': [
    5,
    7,
    'models.0.schedule.time_out',
    'is not a key that can be used here',
    'did you mean `timeout`?',
  ],
  'unknown-section': [1, 1, 'lisen', 'is not a key that can be used here', 'did you mean `listen`?'],
  'webhook-action-twice': [
    8,
    27,
    'governance.webhooks.1.actions.1',
    '"retrain" already goes to "ci"',
    'let one target carry out each action',
  ],
  'webhook-action': [
    5,
    26,
    'governance.webhooks.0.actions.1',
    'is not one of the values that can be used here',
    'write one of `retrain`, `rollback`, `fix-pipeline`, `recalibrate`, `rebaseline`, `scale-out`, `restart-endpoint`',
  ],
  'webhook-without-actions': [3, 7, 'governance.webhooks.0.actions', 'is missing', 'add it; it is a list'],
  'window-below-minimum': [
    2,
    3,
    'detection.window_samples',
    'must not be below `minimum_window_samples`',
    'write at least 300',
  ],
  'wrong-type-boolean': [
    2,
    16,
    'governance.kill_switch',
    'must be true or false',
    'write true or false without quotes',
  ],
  'wrong-type-list': [2, 16, 'egress.allow_hosts', 'must be a list', 'write `[a, b]`, or one item per line after `- `'],
  'wrong-type-number': [2, 9, 'listen.port', 'must be a number', 'write digits without quotes, e.g. 10 or 0.5'],
  'wrong-type-section': [
    1,
    12,
    'detection',
    'must be a section with keys of its own',
    'write its keys below it, indented by two spaces',
  ],
};

describe('a wrong configuration file', () => {
  it('has a fixture for every expectation and the other way round', () => {
    const fixtures = readdirSync(FOLDER).flatMap((name) => /^invalid-(.+)\.yml$/.exec(name)?.[1] ?? []);
    expect(fixtures.sort()).toEqual(Object.keys(EXPECTED).sort());
  });

  it.each(Object.entries(EXPECTED))(
    '%s is refused with line, key and remedy',
    (name, [line, column, key, message, remedy]) => {
      const file = join(FOLDER, `invalid-${name}.yml`);
      const loaded = loadConfig(file, {});
      if (loaded.kind === 'ok') expect.fail('the file was taken');
      expect(loaded.problems).toHaveLength(1);
      const [problem] = loaded.problems;
      expect(problem).toMatchObject({ file, line, column, key });
      expect(problem?.message).toContain(message);
      expect(problem?.remedy).toContain(remedy);
      expect(JSON.stringify(loaded.problems)).not.toContain('canary-secret');
      expect(problem === undefined ? '' : describeProblem(problem)).toMatch(
        new RegExp(`:${line}:${column}: .+\\. [A-Z].+[.?]$`),
      );
    },
  );
});
