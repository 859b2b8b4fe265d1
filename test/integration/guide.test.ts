import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { makeSecrets } from '../../provisioning/stack/secrets.mjs';
import { guideFragments } from '../provisioning/guide.js';
import { ROOT } from '../provisioning/expressions.js';
import { HAS_PROMETHEUS } from './servers/prometheus-server.js';
import { MAY_SKIP } from './servers/python-server.js';

let folder: string;
const fragment = (check: string): string => guideFragments().find((one) => one.check === check)?.text ?? '';
const onThisMachine = (text: string): string => text.replaceAll('/etc/mlfi/secrets', join(folder, 'secrets'));

describe.skipIf(!HAS_PROMETHEUS && MAY_SKIP)(
  'the fragments of docs/add-to-existing.md, by the servers’ own tools',
  () => {
    beforeAll(() => {
      folder = mkdtempSync(join(tmpdir(), 'mlfi-guide-'));
      mkdirSync(join(folder, 'secrets'));
      makeSecrets(join(folder, 'secrets'));
    });
    afterAll(() => rmSync(folder, { recursive: true, force: true }));

    it('Prometheus: promtool finds no fault', () => {
      const file = join(folder, 'prometheus.yml');
      const rules = join(ROOT, 'provisioning/prometheus/rules');
      writeFileSync(file, onThisMachine(fragment('promtool')).replace('/etc/prometheus/rules', rules));
      const checked = spawnSync('promtool', ['check', 'config', file], { encoding: 'utf8' });
      expect(checked.stdout + checked.stderr).toContain('is valid prometheus config file syntax');
      expect(checked.status).toBe(0);
    });

    describe('Alertmanager', () => {
      const file = (): string => join(folder, 'alertmanager.yml');
      beforeAll(() => {
        const theirs = {
          route: {
            receiver: 'team',
            routes: [
              ...(parse(fragment('alertmanager-routes')) as object[]),
              { receiver: 'mlfi-pages', matchers: ['origin="mlfi"'] },
            ],
          },
          receivers: [
            { name: 'team' },
            { name: 'mlfi-pages' },
            ...(parse(onThisMachine(fragment('alertmanager-receivers'))) as object[]),
          ],
        };
        writeFileSync(file(), stringify(theirs));
      });
      const routed = (...labels: string[]): string =>
        spawnSync('amtool', ['config', 'routes', 'test', `--config.file=${file()}`, ...labels], {
          encoding: 'utf8',
        }).stdout.trim();

      it('amtool finds no fault', () => {
        const checked = spawnSync('amtool', ['check-config', file()], { encoding: 'utf8' });
        expect(checked.stdout + checked.stderr).toContain('SUCCESS');
      });

      it('alerts about models go to mlfi and to the team; others to the team alone; mlfi’s own never to mlfi', () => {
        expect(routed('alertname=HighLatency', 'model_name=fraud')).toBe('mlfi-investigate,team');
        expect(routed('alertname=DiskFull')).toBe('team');
        expect(routed('alertname=MlfiIncidentOpen', 'model_name=fraud', 'origin=mlfi')).toBe('mlfi-pages');
      });
    });
  },
);
