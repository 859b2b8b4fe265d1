import type { Settings } from './schema.js';

/** A problem with the path of the value it is about. */
export interface PlacedProblem {
  readonly path: readonly (string | number)[];
  readonly message: string;
  readonly remedy: string;
}

/** What no single key shows: names given twice, names that lead nowhere, lines in the wrong order, settings that exclude each other. */
export function consistencyProblems(settings: Settings): readonly PlacedProblem[] {
  return [
    ...exclusive(settings),
    ...repeated(settings),
    ...modelProblems(settings),
    ...webhookProblems(settings),
    ...thresholdProblems(settings),
    ...secretProblems(settings),
  ];
}

function exclusive(settings: Settings): PlacedProblem[] {
  const pairs = [
    { path: ['database'], key: 'url', holder: settings.database },
    ...Object.entries(settings.secrets).map(([name, holder]) => ({ path: ['secrets', name], key: 'value', holder })),
    ...settings.governance.webhooks.map((holder, index) => ({
      path: ['governance', 'webhooks', index],
      key: 'signing_secret',
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
    { path: ['governance', 'webhooks'], key: 'name', names: settings.governance.webhooks.map((target) => target.name) },
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

function webhookProblems(settings: Settings): PlacedProblem[] {
  const seen = new Map<string, string>();
  return settings.governance.webhooks.flatMap((target, index) =>
    target.actions.flatMap((action, position) => {
      const earlier = seen.get(action);
      seen.set(action, earlier ?? target.name);
      return earlier === undefined
        ? []
        : [
            {
              path: ['governance', 'webhooks', index, 'actions', position],
              message: `"${action}" already goes to "${earlier}"`,
              remedy: 'let one webhook carry out each action',
            },
          ];
    }),
  );
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

/** Sections besides `models` that name an entry of `secrets`. */
function secretProblems({ alerts, discovery, secrets }: Settings): PlacedProblem[] {
  const named = [
    { path: ['alerts', 'grafana_secret'], name: alerts.grafana_secret },
    { path: ['discovery', 'authorization_secret'], name: discovery.authorization_secret },
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
