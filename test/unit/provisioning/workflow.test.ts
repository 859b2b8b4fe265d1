import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { overridableKeys, variableOf } from '../../../exporter/src/config/environment.js';
import { ROUTES } from '../../../exporter/src/http/routes/index.js';
import { ROOT } from '../../provisioning/expressions.js';

const workflow = z.object({
  jobs: z.record(z.string(), z.object({ steps: z.array(z.looseObject({ run: z.string().optional() })) })),
});

it('the workflow builds what the Dockerfile has, and asks the image for what the service answers', () => {
  const { jobs } = workflow.parse(parse(readFileSync(join(ROOT, '.github/workflows/test.yml'), 'utf8')));
  const commands = (jobs['container']?.steps ?? []).flatMap(({ run }) => run ?? []).join('\n');
  const dockerfile = readFileSync(join(ROOT, 'Dockerfile'), 'utf8');
  const stages = [...dockerfile.matchAll(/^FROM .* AS (\S+)$/gm)].map(([, name]) => name);
  const targets = [...commands.matchAll(/--target (\S+)/g)].map(([, name]) => name);
  expect(targets).toEqual(['sample-models']);
  for (const target of targets) expect(stages).toContain(target);
  const variables = [...commands.matchAll(/-e (MLFI_\w+)=/g)].map(([, name]) => name);
  expect(variables).toEqual(['MLFI_LISTEN_ADDRESS']);
  for (const variable of variables) expect(overridableKeys().map((key) => variableOf(key.path))).toContain(variable);
  const [, port, path] = /http:\/\/127\.0\.0\.1:(\d+)(\S+)/.exec(commands) ?? [];
  expect(dockerfile).toContain(`EXPOSE ${port ?? 'none'}`);
  expect(ROUTES.map((route) => route.path)).toContain(path);
});

it('docker-compose.yml takes no variables, so there is no .env to give an example of', () => {
  expect(readFileSync(join(ROOT, 'docker-compose.yml'), 'utf8')).not.toMatch(/\$\{?[A-Za-z_]/);
  expect(existsSync(join(ROOT, '.env.example'))).toBe(false);
});
