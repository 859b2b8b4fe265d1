import { formatDuration } from './duration.js';
import { EXECUTOR_SECTIONS, OPERATIONS } from './executors.js';
import { freezeFrom } from './freeze-notation.js';
import { kafkaProblems } from './kafka-consistency.js';
import type { PlacedProblem } from './problem.js';
import type { Settings } from './schema.js';

/** What no single key shows: names given twice, names that lead nowhere, lines in the wrong order, settings that exclude each other. */
export function consistencyProblems(settings: Settings): readonly PlacedProblem[] {
  return [
    ...exclusive(settings),
    ...repeated(settings),
    ...modelProblems(settings),
    ...targetProblems(settings),
    ...policyProblems(settings),
    ...verificationProblems(settings),
    ...identityProblems(settings),
    ...thresholdProblems(settings),
    ...annotationProblems(settings),
    ...changeProblems(settings),
    ...secretProblems(settings),
    ...kafkaProblems(settings),
  ];
}

function exclusive(settings: Settings): PlacedProblem[] {
  const pairs = [
    { path: ['database'], key: 'url', holder: settings.database },
    { path: ['annotations'], key: 'token', holder: settings.annotations },
    ...settings.api_keys.map((holder, index) => ({ path: ['api_keys', index], key: 'key', holder })),
    ...Object.entries(settings.secrets).map(([name, holder]) => ({ path: ['secrets', name], key: 'value', holder })),
    ...settings.governance.webhooks.map((holder, index) => ({
      path: ['governance', 'webhooks', index],
      key: 'signing_secret',
      holder,
    })),
    { path: ['audit'], key: 'grafana_token', holder: settings.audit },
    { path: ['identity', 'grafana'], key: 'shared_secret', holder: settings.identity.grafana },
    ...settings.identity.local_people.map((holder, index) => ({
      path: ['identity', 'local_people', index],
      key: 'token',
      holder,
    })),
  ];
  return pairs.flatMap(({ path, key, holder }) => {
    const given: Readonly<Record<string, unknown>> = holder;
    return given[key] !== undefined && given[`${key}_file`] !== undefined
      ? [{ path: [...path, `${key}_file`], message: `cannot stand beside \`${key}\``, remedy: 'keep one of the two' }]
      : [];
  });
}

function repeated(settings: Settings): PlacedProblem[] {
  const lists = [
    { path: ['models'], key: 'id', names: settings.models.map((model) => model.id) },
    { path: ['api_keys'], key: 'name', names: settings.api_keys.map((apiKey) => apiKey.name) },
    { path: ['changes', 'queries'], key: 'name', names: settings.changes.queries.map((query) => query.name) },
    { path: ['governance', 'freezes'], key: 'name', names: settings.governance.freezes.map((freeze) => freeze.name) },
    {
      path: ['identity', 'local_people'],
      key: 'login',
      names: settings.identity.local_people.map((person) => person.login),
    },
  ];
  return lists.flatMap(({ path, key, names }) =>
    names.flatMap((name, index) =>
      names.indexOf(name) < index
        ? [
            {
              path: [...path, index, key],
              message: `"${name}" is used twice`,
              remedy: 'give every entry a name of its own',
            },
          ]
        : [],
    ),
  );
}

function modelProblems(settings: Settings): PlacedProblem[] {
  return settings.models.flatMap((model, index) => {
    const problems: PlacedProblem[] = [];
    const secret = model.authorization_secret;
    if (secret !== undefined && !Object.hasOwn(settings.secrets, secret)) {
      problems.push({
        path: ['models', index, 'authorization_secret'],
        message: 'names no entry of `secrets`',
        remedy: 'add the secret under `secrets`, or correct the name',
      });
    }
    if (model.url === undefined) {
      for (const key of ['connector', 'payloads', 'golden_inputs', 'schedule', 'authorization_secret'] as const) {
        if (model[key] === undefined) continue;
        problems.push({
          path: ['models', index, key],
          message: 'has no use without `url`',
          remedy:
            'add the `url` to ask, or remove this key: a model without `url` is known by its prediction logs only',
        });
      }
    }
    return problems;
  });
}

interface WrittenTarget {
  readonly path: readonly (string | number)[];
  readonly silence: boolean;
  readonly target: {
    readonly name: string;
    readonly actions: readonly string[];
    readonly models?: readonly string[] | undefined;
    readonly authorization_secret?: string | undefined;
    readonly operation?: keyof typeof OPERATIONS;
  };
}

/** Webhooks and executors together: names are theirs alone, secrets exist, and every action of a model has one place to go to. */
function targetProblems({ governance, secrets }: Settings): PlacedProblem[] {
  const targets: readonly WrittenTarget[] = [
    ...governance.webhooks.map((target, index) => ({
      path: ['governance', 'webhooks', index],
      silence: false,
      target,
    })),
    ...EXECUTOR_SECTIONS.flatMap((section) =>
      governance.executors[section].map((target, index) => ({
        path: ['governance', 'executors', section, index],
        silence: section === 'alertmanager_silences',
        target,
      })),
    ),
  ];
  return targets.flatMap((written, index) => {
    const earlier = targets.slice(0, index);
    const { path, target } = written;
    const secret = target.authorization_secret;
    return [
      ...(earlier.some(({ target: { name } }) => name === target.name)
        ? [
            {
              path: [...path, 'name'],
              message: `"${target.name}" is used twice`,
              remedy: 'give every entry a name of its own',
            },
          ]
        : []),
      ...(secret !== undefined && !Object.hasOwn(secrets, secret)
        ? [
            {
              path: [...path, 'authorization_secret'],
              message: 'names no entry of `secrets`',
              remedy: 'add the secret under `secrets`, or correct the name',
            },
          ]
        : []),
      ...unfit(written),
      ...overlaps(written, earlier),
    ];
  });
}

function unfit({ path, target: { operation, actions } }: WrittenTarget): PlacedProblem[] {
  if (operation === undefined) return [];
  const fit: readonly string[] = OPERATIONS[operation];
  return actions.flatMap((action, position) =>
    fit.includes(action)
      ? []
      : [
          {
            path: [...path, 'actions', position],
            message: `"${action}" is not what ${operation} does`,
            remedy: `write ${fit.map((one) => `\`${one}\``).join(' or ')}, or choose another operation`,
          },
        ],
  );
}

function policyProblems({ governance }: Settings): PlacedProblem[] {
  const freezes = governance.freezes.flatMap((written, index) => {
    const read = freezeFrom(written);
    return read.kind === 'freeze'
      ? []
      : [{ path: ['governance', 'freezes', index, read.key], message: read.message, remedy: read.remedy }];
  });
  const seen = new Set<string>();
  const repeated = governance.policies.flatMap(({ actions }, index) =>
    actions.flatMap((action, position) => {
      const isNew = !seen.has(action);
      seen.add(action);
      return isNew
        ? []
        : [
            {
              path: ['governance', 'policies', index, 'actions', position],
              message: `"${action}" has a policy already`,
              remedy: 'list each action in one policy',
            },
          ];
    }),
  );
  const silenced = governance.policies.flatMap((policy, index) =>
    policy.break_glass === true && !governance.break_glass.enabled
      ? [
          {
            path: ['governance', 'policies', index, 'break_glass'],
            message: 'has no effect while `governance.break_glass.enabled` is false',
            remedy: 'enable it there, or remove this key',
          },
        ]
      : [],
  );
  return [...freezes, ...repeated, ...silenced];
}

function identityProblems({ audit, identity: { grafana } }: Settings): PlacedProblem[] {
  if (grafana.url === undefined && (audit.grafana_token !== undefined || audit.grafana_token_file !== undefined)) {
    return [
      {
        path: ['audit'],
        message: 'has a token for Grafana, but no Grafana is known',
        remedy: 'add `identity.grafana.url`, or remove the token',
      },
    ];
  }
  const hasSecret = grafana.shared_secret !== undefined || grafana.shared_secret_file !== undefined;
  if (hasSecret === (grafana.url !== undefined)) return [];
  return [
    {
      path: ['identity', 'grafana'],
      message: hasSecret ? 'has a shared secret but no `url`' : 'has a `url` but no shared secret',
      remedy: hasSecret
        ? "add `url`, Grafana's root_url"
        : 'add `shared_secret_file`, with the text entered in the plugin’s configuration',
    },
  ];
}

/** A target for named models goes before one for all; two of the same rank must not serve the same action. */
function overlaps({ path, silence, target }: WrittenTarget, earlier: readonly WrittenTarget[]): PlacedProblem[] {
  return target.actions.flatMap((action, position) => {
    const rival = earlier.find(
      (other) =>
        other.silence === silence &&
        other.target.actions.includes(action) &&
        (target.models === undefined
          ? other.target.models === undefined
          : target.models.some((model) => other.target.models?.includes(model) === true)),
    );
    return rival === undefined
      ? []
      : [
          {
            path: [...path, 'actions', position],
            message: `"${action}" already goes to "${rival.target.name}"`,
            remedy: 'let one target carry out each action, or give them different `models`',
          },
        ];
  });
}

function verificationProblems({ governance }: Settings): PlacedProblem[] {
  const { settle, give_up } = governance.verification;
  return give_up > settle
    ? []
    : [
        {
          path: ['governance', 'verification', 'give_up'],
          message: 'must be longer than `settle`',
          remedy: `write more than ${formatDuration(settle)}`,
        },
      ];
}

function thresholdProblems({ detection, probing }: Settings): PlacedProblem[] {
  const problems: PlacedProblem[] = [];
  if (detection.critical_error_share < detection.error_share) {
    problems.push({
      path: ['detection', 'critical_error_share'],
      message: 'must not be below `error_share`',
      remedy: `write at least ${detection.error_share}`,
    });
  }
  if (detection.window_samples < detection.minimum_window_samples) {
    problems.push({
      path: ['detection', 'window_samples'],
      message: 'must not be below `minimum_window_samples`',
      remedy: `write at least ${detection.minimum_window_samples}`,
    });
  }
  if (probing.probes_per_cycle === 0 && probing.golden_inputs === 0) {
    problems.push({
      path: ['probing', 'probes_per_cycle'],
      message: 'leaves a cycle without a call, since `golden_inputs` is 0 too',
      remedy: 'write at least 1, or allow golden inputs',
    });
  }
  return problems;
}

function annotationProblems({ annotations, changes }: Settings): PlacedProblem[] {
  if (annotations.grafana_url !== null) return [];
  const remedy = 'add `annotations.grafana_url`, e.g. https://grafana.example.org';
  return [
    ...(['token', 'token_file'] as const).flatMap((key) =>
      annotations[key] === undefined
        ? []
        : [{ path: ['annotations', key], message: 'has no use without `grafana_url`', remedy }],
    ),
    ...(changes.annotations.length === 0
      ? []
      : [{ path: ['changes', 'annotations'], message: 'cannot be read without a Grafana', remedy }]),
  ];
}

/** Prometheus refuses range queries of more points. */
const MAX_POINTS = 11_000;

function changeProblems({ changes, secrets }: Settings): PlacedProblem[] {
  const problems: PlacedProblem[] = changes.queries.flatMap((query, index) => {
    if ((query.type === 'info') === (query.value_label !== undefined)) return [];
    return [
      query.type === 'info'
        ? {
            path: ['changes', 'queries', index],
            message: 'is of the type info and names no `value_label`',
            remedy: 'name the label whose value changes, e.g. `value_label: version`',
          }
        : {
            path: ['changes', 'queries', index, 'value_label'],
            message: 'has no use for the type timestamp',
            remedy: 'remove it, or write `type: info`',
          },
    ];
  });
  if (changes.queries.length > 0 && changes.prometheus_url === null) {
    problems.push({
      path: ['changes', 'queries'],
      message: 'cannot be asked without a Prometheus',
      remedy: 'add `prometheus_url`, e.g. http://prometheus:9090',
    });
  }
  const secret = changes.authorization_secret;
  if (secret !== undefined && !Object.hasOwn(secrets, secret)) {
    problems.push({
      path: ['changes', 'authorization_secret'],
      message: 'names no entry of `secrets`',
      remedy: 'add the secret under `secrets`, or correct the name',
    });
  }
  if (changes.look_back / changes.step > MAX_POINTS) {
    problems.push({
      path: ['changes', 'step'],
      message: 'is too short for `look_back`: Prometheus answers at most 11000 points',
      remedy: 'raise `step`, or lower `look_back`',
    });
  }
  return problems;
}

/** Sections besides `models` that name an entry of `secrets`. */
function secretProblems({ alerts, discovery, imports, secrets }: Settings): PlacedProblem[] {
  const named: { readonly path: (string | number)[]; readonly name: string | null }[] = [
    { path: ['alerts', 'grafana_secret'], name: alerts.grafana_secret },
    { path: ['discovery', 'authorization_secret'], name: discovery.authorization_secret },
    ...imports.credentials.map(({ authorization_secret }, index) => ({
      path: ['imports', 'credentials', index, 'authorization_secret'],
      name: authorization_secret,
    })),
  ];
  return named.flatMap(({ path, name }) =>
    name === null || Object.hasOwn(secrets, name)
      ? []
      : [
          {
            path,
            message: 'names no entry of `secrets`',
            remedy: 'add the secret under `secrets`, or correct the name',
          },
        ],
  );
}
