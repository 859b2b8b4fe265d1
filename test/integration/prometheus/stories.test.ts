import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { modelId, type ModelId } from '../../../exporter/src/domain/identifiers.js';
import type { ModelStatus } from '../../../exporter/src/domain/model-status.js';
import type { Evaluation } from '../../../exporter/src/evaluation/evaluate.js';
import { FleetRenderer } from '../../../exporter/src/metrics/fleet-renderer.js';
import { NO_DECISIONS } from '../../../exporter/src/domain/decision-counts.js';
import { alertmanagerConfiguration } from '../../../provisioning/generate/alertmanager/configuration.js';
import { prometheusConfiguration } from '../../../provisioning/generate/prometheus/configuration.js';
import { ruleFiles } from '../../../provisioning/generate/prometheus/files.js';
import { Timing } from '../../../provisioning/generate/prometheus/rule.js';
import { DEFAULT_SETTINGS } from '../../../provisioning/generate/settings.js';
import { evaluated, evaluation, incidentsInMemory } from '../../unit/incidents/fixtures.js';
import { sampleStatus } from '../../unit/metrics/sample-status.js';
import { eventually } from '../running-service.js';
import { freePort } from '../servers/free-port.js';
import { serve, startAlertmanager, startPrometheus, type LocalServer, type RealServer } from './servers.js';
import { hasPrometheus } from './tools.js';

/** Every duration of the rules, thirty times faster. */
const timing = new Timing(30);
const root = join(import.meta.dirname, '../../..');

interface Page {
  readonly title: string;
  readonly text: string;
  readonly title_link: string;
  readonly atMs: number;
}

const pages: Page[] = [];
const tickets: Page[] = [];
const statuses = new Map<ModelId, ModelStatus>();
const incidents = incidentsInMemory(new Map());
const renderer = new FleetRenderer(
  {
    ids: () => [...statuses.keys()],
    revision: (id) => statuses.get(id)?.incident?.id ?? 'none',
    status: (id) => statuses.get(id) ?? sampleStatus(id, 1),
    shared: () => ({ figures: NO_DECISIONS, audit: null, killSwitch: { on: false, configured: false } }),
  },
  () => ({ models: 1_000, signals: 10, series: 100_000 }),
);
let folder: string;
let exposition: LocalServer;
let people: LocalServer;
let prometheus: RealServer;
let alertmanager: RealServer;

/** The model at the host has the fault from now on, as mlfi's own incidents tell it. */
async function fails(name: string, host: string, fault: Evaluation): Promise<void> {
  const healthy = sampleStatus(name, 1);
  const isDown = fault.diagnosis.causes[0]?.id === 'model-unreachable';
  const endpoint = {
    url: `http://${host}/${name}`,
    connector: 'rest',
    settings: {},
    authorizationSecret: null,
  } as const;
  const model = { ...healthy.model, endpoint, state: isDown ? ('unreachable' as const) : ('failing' as const) };
  for (let i = 0; i < 2; i += 1) await incidents.apply(model, fault);
  statuses.set(model.id, { ...healthy, model, incident: incidents.current(model.id) });
}

async function recovers(name: string): Promise<void> {
  const healthy = sampleStatus(name, 1);
  for (let i = 0; i < 10; i += 1) await incidents.apply(healthy.model, evaluation('none', false));
  statuses.set(healthy.model.id, healthy);
}

const DOWN = evaluated('critical', 'model-unreachable');
const LATE = evaluated('high', 'slow-endpoint');
const REFUSED = evaluated('critical', 'credentials-refused');
const RESCALED = ((): Evaluation => {
  const fault = evaluated('high', 'unit-change');
  return { ...fault, diagnosis: { ...fault.diagnosis, features: ['income'] } };
})();
const names = (prefix: string, from: number, to: number): readonly string[] =>
  Array.from({ length: to - from }, (_, i) => `${prefix}-${String(from + i).padStart(2, '0')}`);
const HIT = names('scorer', 0, 20);
const CREDIT = names('credit', 0, 3);
/** One of the first 20, or named in the text. */
const isAbout =
  (name: string) =>
  ({ title, text }: Page): boolean =>
    title.includes(name) || text.includes(`${name} `) || text.includes(`${name}:`);
const firing = (): Page[] => pages.filter(({ title }) => title.startsWith('[CRITICAL'));
const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

beforeAll(async () => {
  if (!hasPrometheus) return;
  folder = mkdtempSync(join(tmpdir(), 'mlfi-stories-'));
  for (const name of [...HIT, ...names('scorer', 20, 22), ...CREDIT, 'own'])
    statuses.set(modelId(name), sampleStatus(name, 1));
  // Read when it is asked for, as mlfi's own page is.
  let text = [...(await renderer.render('text')).pieces].join('');
  exposition = await serve(() => {
    void renderer.render('text').then(({ pieces }) => (text = [...pieces].join('')));
    return { body: text, type: 'text/plain; version=0.0.4' };
  });
  people = await serve((request, body) => {
    const [attachment] = (JSON.parse(body) as { attachments: Page[] }).attachments;
    const sentTo = request.url === '/page' ? pages : tickets;
    if (attachment !== undefined) sentTo.push({ ...attachment, atMs: Date.now() });
    return { body: 'ok' };
  });
  const inFolder = (name: string, content: string): string => {
    const file = join(folder, name);
    writeFileSync(file, content);
    return file;
  };
  mkdirSync(join(folder, 'rules'));
  for (const [name, rules] of Object.entries(ruleFiles(DEFAULT_SETTINGS, timing)))
    writeFileSync(join(folder, 'rules', name), rules);
  const [portP, portM] = [await freePort(), await freePort()];
  const keyFile = inFolder('key', 'key');
  const settings = alertmanagerConfiguration({
    grafanaUrl: DEFAULT_SETTINGS.grafanaUrl,
    hasRunbooks: false,
    groupWait: '2s',
    groupInterval: '2s',
    repeatInterval: '1h',
    templates: join(root, 'provisioning/alertmanager/templates/*.tmpl'),
    mlfi: { url: 'http://127.0.0.1:1/', keyFile },
    pageUrlFile: inFolder('page-url', `http://127.0.0.1:${people.port}/page`),
    ticketUrlFile: inFolder('ticket-url', `http://127.0.0.1:${people.port}/ticket`),
  });
  const amFile = inFolder('alertmanager.yml', stringify(settings, { aliasDuplicateObjects: false }));
  const targets = [`127.0.0.1:${exposition.port}`];
  const { scrape_configs: jobs, ...configuration } = prometheusConfiguration({
    timing,
    keyFile,
    replicas: targets,
    service: targets,
    ruleFiles: join(folder, 'rules/*.yml'),
    alertmanagers: [`127.0.0.1:${portM}`],
    scrapeEvery: '30s',
  }) as { scrape_configs: { job_name: string }[] };
  const models = { ...configuration, scrape_configs: jobs.filter(({ job_name: job }) => job === 'mlfi-models') };
  alertmanager = await startAlertmanager(folder, amFile, portM);
  prometheus = await startPrometheus(folder, inFolder('prometheus.yml', stringify(models)), portP);
});

afterAll(async () => {
  if (!hasPrometheus) return;
  await prometheus.stop();
  await alertmanager.stop();
  await Promise.all([exposition.stop(), people.stop()]);
  rmSync(folder, { recursive: true, force: true });
});

const named = (all: readonly string[]): string => all.join(', ');

describe.skipIf(!hasPrometheus)(
  'a host that dies under 20 models, and a feature that breaks three others at the same time',
  () => {
    it('are two notifications that name the models', async () => {
      await wait(3_000);
      expect(pages).toEqual([]);
      await Promise.all([
        ...HIT.map((name) => fails(name, 'scoring.internal', DOWN)),
        ...CREDIT.map((name, i) => fails(name, `credit-${i}.internal`, RESCALED)),
      ]);
      await eventually('both pages', 30_000, () => (firing().length >= 2 ? true : null));
      await wait(6_000);
      expect(
        firing()
          .map(({ title }) => title)
          .sort(),
      ).toEqual([
        `[CRITICAL ×20] ${named(HIT)}: A model does not answer.`,
        `[CRITICAL ×3] ${named(CREDIT)}: mlfi has opened an incident that needs people now.`,
      ]);
      const host = firing().find(({ title }) => title.includes('scorer'));
      expect(host?.text).toContain('• scorer-07 has not answered its last probes. Cause: model-unreachable (');
      expect(host?.title_link).toBe('http://localhost:3000/a/mlfi-investigator-app/models/scorer-00/incident');
    }, 90_000);

    it('tell whoever joins later by the next update, and a ticket', async () => {
      await fails('scorer-20', 'scoring.internal', LATE);
      await fails('scorer-21', 'scoring.internal', { ...DOWN, diagnosis: { ...DOWN.diagnosis, severity: 'medium' } });
      await fails('own', 'scoring.internal', REFUSED);
      const joined = await eventually(
        'the page of the newcomer',
        15_000,
        () => firing().find(isAbout('scorer-20')) ?? null,
      );
      expect(joined.title).toMatch(/ and 1 more: Their incidents began together\.$/);
      expect(joined.text).toContain('• The incident of scorer-20 has level critical or high. Cause: slow-endpoint (');
      const own = await eventually(
        'the page of the one with a fault of its own',
        15_000,
        () => firing().find(isAbout('own')) ?? null,
      );
      expect(own.title).toBe('[CRITICAL] own: mlfi has opened an incident that needs people now.');
      await eventually('the ticket', 30_000, () => tickets.find(isAbout('scorer-21')) ?? null);
    }, 90_000);

    it('end in nothing about what is over, though they recover one after the other', async () => {
      const before = firing().length;
      const overAtMs = new Map<string, number>();
      for (const name of [...HIT, 'scorer-20', 'scorer-21', 'own', ...CREDIT]) {
        await recovers(name);
        overAtMs.set(name, Date.now());
        await wait(700);
      }
      // A message names what is over since the one before.
      await eventually('that all are over', 30_000, () =>
        [...overAtMs.keys()].every((name) =>
          [...pages, ...tickets].some(({ text }) => text.includes(`• over: ${name}: `)),
        )
          ? true
          : null,
      );
      await wait(8_000);
      for (const { title, atMs } of firing().slice(before)) {
        const about = title.slice(title.indexOf(']') + 2, title.indexOf(':')).split(/, | and /);
        // Scraped, evaluated and sent within a second each, and told by the next update.
        for (const name of about.filter((each) => overAtMs.has(each)))
          expect(atMs - (overAtMs.get(name) ?? 0), title).toBeLessThan(6_000);
      }
      expect(pages.at(-1)?.title).toMatch(/^\[RESOLVED\] /);
    }, 120_000);
  },
);
