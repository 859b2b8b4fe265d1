import { isObject } from '../../domain/json.js';
import type { Json, JsonObject } from '../../domain/json.js';
import type { Clock } from '../../domain/ports.js';
import { outcomeOf, unreadable } from './outcome.js';
import { listAt, resolvedOf, textAt, type Protocol, type TargetContext } from './protocol.js';

const API = '/api/2.0/mlflow';
const EXECUTION_TAG = 'mlfi.execution_id';

type MlflowSite = TargetContext<'mlflow'>;

/**
 * Acts on an MLflow tracking server. `alias-back` points a registered model's alias at the newest version below the one it
 * points at, which is a rollback for all that load `models:/name@alias`. `request-retraining` creates one run, tagged and in
 * status SCHEDULED, for a trainer to pick up: MLflow itself starts nothing.
 */
export function createMlflowProtocol(clock: Clock): Protocol<'mlflow'> {
  return {
    executor: 'mlflow',
    repetition: 'lookup',
    async resolve(context) {
      if (context.settings.operation === 'request-retraining') {
        const experiment = await experimentOf(context);
        return isObject(experiment) ? experiment : null;
      }
      const from = await aliasVersion(context);
      if (!isObject(from)) return null;
      const previous = await versionBefore(context, Number(textAt(from, 'version')));
      return isObject(previous)
        ? { from_version: textAt(from, 'version'), to_version: textAt(previous, 'version') }
        : null;
    },
    async prepare(context, plan) {
      const resolved = resolvedOf(plan);
      const { settings } = context;
      if (settings.operation === 'request-retraining') {
        const experiment = await experimentOf(context);
        return isObject(experiment)
          ? {
              kind: 'ready',
              text: `would create a SCHEDULED run in experiment ${settings.experiment} that asks for retraining of ${settings.registeredModel}; a trainer has to pick it up`,
            }
          : { kind: 'impossible', reason: experiment };
      }
      const obstacle = await aliasObstacle(context, resolved, 'from_version');
      return obstacle === null
        ? {
            kind: 'ready',
            text: `would point ${nameOf(context)} from version ${textAt(resolved, 'from_version') ?? '?'} back to ${textAt(resolved, 'to_version') ?? '?'}`,
          }
        : { kind: 'impossible', reason: obstacle };
    },
    async execute(context, plan, execution, recommendation) {
      const resolved = resolvedOf(plan);
      const { settings } = context;
      if (settings.operation === 'request-retraining') {
        const found = await runOf(context, textAt(resolved, 'experiment_id'), execution.id);
        if (found.kind === 'unreadable') return { kind: 'failed', detail: `not sent: ${found.reason}` };
        if (found.kind === 'found') return { kind: 'succeeded', detail: `run ${found.id} was there already` };
        const reply = await context.call('POST', `${API}/runs/create`, {
          body: {
            experiment_id: textAt(resolved, 'experiment_id'),
            run_name: `retrain ${settings.registeredModel}`,
            start_time: clock.now(),
            tags: tagsOf({
              [EXECUTION_TAG]: execution.id,
              'mlfi.request': 'retrain',
              'mlfi.status': 'requested',
              'mlfi.model': recommendation.modelId,
              'mlfi.registered_model': settings.registeredModel,
              'mlfi.incident': recommendation.incidentId,
              'mlfi.digest': recommendation.digest,
            }),
          },
        });
        const outcome = outcomeOf(reply, ({ json }) => ({
          kind: 'succeeded',
          detail: `run ${textAt(json, 'run', 'info', 'run_id') ?? '?'} asks for retraining; a trainer has to pick it up`,
        }));
        const run = reply.kind === 'answer' ? textAt(reply.json, 'run', 'info', 'run_id') : null;
        // MLflow creates every run as RUNNING. That this one waits shows in its status, and by its tag if this call is lost.
        if (outcome.kind === 'succeeded' && run !== null)
          await context.call('POST', `${API}/runs/update`, { body: { run_id: run, status: 'SCHEDULED' } });
        return outcome;
      }
      const obstacle = await aliasObstacle(context, resolved, 'from_version');
      if (obstacle !== null) {
        const done = (await aliasObstacle(context, resolved, 'to_version')) === null;
        return done
          ? {
              kind: 'succeeded',
              detail: `${nameOf(context)} is at version ${textAt(resolved, 'to_version') ?? '?'} already`,
            }
          : { kind: 'failed', detail: `not sent: ${obstacle}` };
      }
      const reply = await context.call('POST', `${API}/registered-models/alias`, {
        body: { name: settings.registeredModel, alias: settings.alias, version: textAt(resolved, 'to_version') },
      });
      return outcomeOf(reply, () => ({
        kind: 'succeeded',
        detail: `${nameOf(context)} points at version ${textAt(resolved, 'to_version') ?? '?'}; servers that loaded the old one must load again`,
      }));
    },
    async lookup(context, plan, execution) {
      const resolved = resolvedOf(plan);
      if (context.settings.operation === 'request-retraining') {
        const found = await runOf(context, textAt(resolved, 'experiment_id'), execution.id);
        if (found.kind === 'found') return { kind: 'succeeded', detail: `run ${found.id} asks for it` };
        return found.kind === 'none'
          ? { kind: 'not-received', detail: 'no run carries the id of this execution' }
          : { kind: 'unknown', detail: found.reason };
      }
      const version = await aliasVersion(context);
      if (!isObject(version)) return { kind: 'unknown', detail: version };
      const now = textAt(version, 'version');
      if (now === textAt(resolved, 'to_version'))
        return { kind: 'succeeded', detail: `${nameOf(context)} points at version ${now ?? '?'}` };
      return now === textAt(resolved, 'from_version')
        ? { kind: 'not-received', detail: `${nameOf(context)} still points at version ${now ?? '?'}` }
        : { kind: 'unknown', detail: `${nameOf(context)} points at version ${now ?? '?'}; somebody else moved it` };
    },
  };
}

/** Why the alias must not be moved: it does not point where the plan says. Null when it does. */
async function aliasObstacle(
  context: MlflowSite,
  resolved: JsonObject,
  key: 'from_version' | 'to_version',
): Promise<string | null> {
  const wanted = textAt(resolved, key);
  if (wanted === null || textAt(resolved, 'to_version') === null)
    return `the plan names no versions: when it was made, MLflow could not be asked or there was no version before the one of ${nameOf(context)}`;
  const version = await aliasVersion(context);
  if (!isObject(version)) return version;
  const now = textAt(version, 'version');
  return now === wanted
    ? null
    : `${nameOf(context)} points at version ${now ?? '?'} now; the plan was made at ${wanted}`;
}

/** The model version an alias points at, or why it is unknown. */
async function aliasVersion(context: MlflowSite): Promise<JsonObject | string> {
  const { registeredModel, alias } = context.settings;
  const query = new URLSearchParams({ name: registeredModel, alias });
  const reply = await context.call('GET', `${API}/registered-models/alias?${query.toString()}`);
  const version = reply.kind === 'answer' && reply.status === 200 ? reply.json : undefined;
  const found = isObject(version) ? version['model_version'] : undefined;
  return isObject(found) ? found : `MLflow cannot be asked about ${nameOf(context)}: ${unreadable(reply)}`;
}

/** The newest usable version below a number. */
async function versionBefore(context: MlflowSite, version: number): Promise<Json | undefined> {
  const query = new URLSearchParams({
    filter: `name='${context.settings.registeredModel.replaceAll("'", "''")}'`,
    order_by: 'version_number DESC',
    max_results: '1000',
  });
  const reply = await context.call('GET', `${API}/model-versions/search?${query.toString()}`);
  const versions = reply.kind === 'answer' ? listAt(reply.json, 'model_versions') : [];
  return versions
    .filter((one) => Number(textAt(one, 'version')) < version && (textAt(one, 'status') ?? 'READY') === 'READY')
    .toSorted((a, b) => Number(textAt(b, 'version')) - Number(textAt(a, 'version')))[0];
}

async function experimentOf(context: MlflowSite): Promise<JsonObject | string> {
  const query = new URLSearchParams({ experiment_name: context.settings.experiment });
  const reply = await context.call('GET', `${API}/experiments/get-by-name?${query.toString()}`);
  const id = reply.kind === 'answer' && reply.status === 200 ? textAt(reply.json, 'experiment', 'experiment_id') : null;
  return id === null
    ? `MLflow cannot be asked about experiment ${context.settings.experiment}: ${unreadable(reply)}`
    : { experiment_id: id };
}

type FoundRun =
  | { readonly kind: 'found'; readonly id: string }
  | { readonly kind: 'none' }
  | { readonly kind: 'unreadable'; readonly reason: string };

async function runOf(context: MlflowSite, experiment: string | null, execution: string): Promise<FoundRun> {
  if (experiment === null)
    return { kind: 'unreadable', reason: 'the plan names no experiment: when it was made, MLflow could not be asked' };
  // A search is a POST that only reads.
  const reply = await context.call('POST', `${API}/runs/search`, {
    body: { experiment_ids: [experiment], filter: `tags."${EXECUTION_TAG}" = '${execution}'`, max_results: 1 },
  });
  if (reply.kind !== 'answer' || reply.status !== 200)
    return { kind: 'unreadable', reason: `MLflow's runs cannot be searched: ${unreadable(reply)}` };
  const id = textAt(listAt(reply.json, 'runs')[0], 'info', 'run_id');
  return id === null ? { kind: 'none' } : { kind: 'found', id };
}

const tagsOf = (tags: Readonly<Record<string, string>>): Json =>
  Object.entries(tags).map(([key, value]) => ({ key, value }));
const nameOf = ({ settings }: MlflowSite): string => `alias ${settings.alias} of ${settings.registeredModel}`;
