import { parse } from 'yaml';
import { z } from 'zod';
import type { ModelRegistration } from '../../domain/model-registration.js';
import { modelId, slugOf, type ModelId } from '../../domain/identifiers.js';
import { CONNECTOR_IDS } from '../../domain/model.js';
import { namedByAddress } from '../../domain/shown-address.js';

/** A model as a discovery source describes it. */
export type DiscoveredModel = ModelRegistration & { readonly id: ModelId; readonly url: string };

export type TargetGroups =
  /** With what is wrong in entries that are left out, and what would be right. */
  | { readonly kind: 'read'; readonly models: readonly DiscoveredModel[]; readonly problems: readonly string[] }
  /** No entry can be used: what is wrong, in the first one where there are any. */
  | { readonly kind: 'refused'; readonly problem: string };

const LARGEST_LIST = 10_000;
const entries = z.array(z.unknown()).max(LARGEST_LIST);
const group = z.object({
  targets: z.array(z.string().min(1).max(2_048)),
  labels: z.record(z.string().max(200), z.string().max(300)).optional(),
});
const REMEDY = 'write a list of { targets: [host:port], labels: { name: text } }';

/** Labels with a meaning of their own; the others become tags, and what starts with `__` is for Prometheus. */
const KNOWN = ['model_name', 'model_version', 'team', 'connector'];

class Misfit extends Error {}

const withoutUser = (target: string): string => target.replace(/\/\/[^/?#]*@/, '//…@').replace(/\?.*$/s, '?…');

function urlOf(target: string, labels: Readonly<Record<string, string>>, place: string): string {
  const path = labels['__path__'] ?? '/';
  const text = target.includes('://')
    ? target
    : `${labels['__scheme__'] ?? 'http'}://${target}${path.startsWith('/') ? '' : '/'}${path}`;
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || !['http:', 'https:'].includes(url.protocol) || url.username !== '' || url.password !== '')
    throw new Misfit(
      `${place}: "${withoutUser(target).slice(0, 100)}" must be host:port or a whole http(s) address without a password`,
    );
  return url.href;
}

function connectorOf(name: string | undefined, place: string): Pick<ModelRegistration, 'connector'> {
  if (name === undefined) return {};
  const known = CONNECTOR_IDS.find((id) => id === name);
  if (known === undefined)
    throw new Misfit(`${place}.labels.connector: "${name.slice(0, 50)}" is none of ${CONNECTOR_IDS.join(', ')}`);
  return { connector: known };
}

function idOf(name: string | undefined, target: string, place: string): ModelId {
  if (name === undefined) return slugOf(namedByAddress(target));
  try {
    return modelId(name);
  } catch (error) {
    throw new Misfit(`${place}.labels.model_name: ${error instanceof Error ? error.message : 'is no model id'}`);
  }
}

function modelsOf(entry: unknown, place: string): DiscoveredModel[] {
  const checked = group.safeParse(entry);
  if (!checked.success) {
    const [issue] = checked.error.issues;
    throw new Misfit(`${[place, ...(issue?.path ?? [])].join('.')}: ${issue?.message ?? 'is wrong'}; ${REMEDY}`);
  }
  const { targets, labels = {} } = checked.data;
  if (labels['model_name'] !== undefined && targets.length > 1)
    throw new Misfit(
      `${place}: model_name names one model, but there are ${targets.length} targets; give each a group, or the address in front of them`,
    );
  return targets.map((target) => ({
    id: idOf(labels['model_name'], target, place),
    url: urlOf(target, labels, place),
    ...connectorOf(labels['connector'], place),
    ...(labels['model_version'] === undefined ? {} : { versionLabel: labels['model_version'] }),
    ...(labels['team'] === undefined ? {} : { owner: labels['team'] }),
    tags: Object.entries(labels)
      .filter(([name]) => !KNOWN.includes(name) && !name.startsWith('__'))
      .map(([name, value]) => `${name}=${value}`.slice(0, 100))
      .slice(0, 50),
  }));
}

/**
 * Reads target groups in the format of Prometheus' file_sd and HTTP SD: a list of `{ targets, labels }`, JSON or YAML.
 * `model_name`, `model_version`, `team` and `connector` describe the model; `__scheme__` and `__path__` complete a target
 * that is only host:port. An entry that is wrong is left out and named; the others are read.
 */
export function readTargetGroups(text: string): TargetGroups {
  let document: unknown;
  try {
    document = parse(text, { maxAliasCount: 0 });
  } catch (error) {
    return { kind: 'refused', problem: `is neither JSON nor YAML (${String(error).split('\n')[0] ?? ''})` };
  }
  const checked = entries.safeParse(document ?? []);
  if (!checked.success)
    return { kind: 'refused', problem: `the document: ${checked.error.issues[0]?.message ?? 'is wrong'}; ${REMEDY}` };
  const models = new Map<ModelId, DiscoveredModel>();
  const problems: string[] = [];
  for (const [index, entry] of checked.data.entries()) {
    try {
      for (const model of modelsOf(entry, String(index))) {
        if (models.has(model.id))
          problems.push(`${index}: "${model.id}" is listed twice; give every model a model_name of its own`);
        else models.set(model.id, model);
      }
    } catch (error) {
      if (!(error instanceof Misfit)) throw error;
      problems.push(error.message);
    }
  }
  const [first] = problems;
  return models.size === 0 && first !== undefined
    ? { kind: 'refused', problem: first }
    : { kind: 'read', models: [...models.values()], problems };
}
