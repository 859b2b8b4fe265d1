import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';

const ROOT = join(import.meta.dirname, '../../..');
const partsList = z.object({
  bomFormat: z.literal('CycloneDX'),
  specVersion: z.literal('1.6'),
  components: z.array(
    z.object({
      name: z.string(),
      version: z.string(),
      licenses: z.array(
        z.union([z.object({ expression: z.string() }), z.object({ license: z.object({ id: z.string() }) })]),
      ),
      hashes: z.array(z.object({ alg: z.literal('SHA-512'), content: z.string().regex(/^[0-9a-f]{128}$/) })),
      purl: z.string(),
    }),
  ),
});
/** As the Docker build and CI write it. */
const written = execFileSync(process.execPath, [join(ROOT, 'exporter/parts-list.mjs')], { encoding: 'utf8' });
const packages = partsList.parse(JSON.parse(written)).components.map(({ name, version, licenses, hashes }) => ({
  name,
  version,
  hashes,
  licence: licenses.map((each) => ('expression' in each ? each.expression : each.license.id)).join(' AND ') || 'none',
}));

/** Licences that ask for no more than to be named. */
const ALLOWED = new Set([
  'MIT',
  'ISC',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'Apache-2.0',
  '0BSD',
  'BlueOak-1.0.0',
  'CC0-1.0',
  'Unlicense',
]);

/** SPDX: of `(A OR B)` one may be chosen, of `A AND B` all hold. */
const isAllowed = (expression: string): boolean =>
  expression
    .replace(/[()]/g, '')
    .split(' OR ')
    .some((choice) => choice.split(' AND ').every((licence) => ALLOWED.has(licence.trim())));

const advisoryList = z.object({
  reviewed: z.iso.date(),
  source: z.string(),
  advisories: z.array(
    z.strictObject({
      id: z.string().regex(/^GHSA(-[0-9a-z]{4}){3}$/),
      package: z.string(),
      from: z.string(),
      below: z.string(),
      about: z.string(),
    }),
  ),
});
const { advisories } = advisoryList.parse(
  JSON.parse(readFileSync(join(import.meta.dirname, 'advisories.json'), 'utf8')),
);

const numbersOf = (version: string): number[] => (version.split('-')[0] ?? '').split('.').map(Number);
/** Negative when `a` is older; a pre-release counts as its release. */
function compareVersions(a: string, b: string): number {
  const [left, right] = [numbersOf(a), numbersOf(b)];
  const differing = [0, 1, 2].find((i) => left[i] !== right[i]);
  return differing === undefined ? 0 : (left[differing] ?? 0) - (right[differing] ?? 0);
}
const affecting = (name: string, version: string): readonly string[] =>
  advisories
    .filter((each) => each.package === name)
    .filter(({ from, below }) => compareVersions(version, from) >= 0 && compareVersions(version, below) < 0)
    .map(({ id }) => id);

describe('the packages the service is shipped with', () => {
  it('are all that is reached from the service, with their hashes, and nothing of the tests or the plugin', () => {
    const names = packages.map(({ name }) => name);
    // Those that the plugin or the tools need as well are the ones that are forgotten.
    expect(names).toEqual(
      expect.arrayContaining(['koa', 'knex', 'pg', 'zod', 'yaml', 'debug', 'hasown', '@koa/router']),
    );
    for (const foreign of ['vitest', 'react', 'typescript', '@grafana/ui']) expect(names).not.toContain(foreign);
    const installed = z.object({ dependencies: z.record(z.string(), z.string()) });
    const { dependencies } = installed.parse(JSON.parse(readFileSync(join(ROOT, 'exporter/package.json'), 'utf8')));
    expect(Object.keys(dependencies).filter((name) => !names.includes(name))).toEqual([]);
    expect(packages.filter(({ hashes }) => hashes.length !== 1)).toEqual([]);
  });

  it('have licences that MIT may be shipped with', () => {
    expect(packages.filter(({ licence }) => !isAllowed(licence))).toEqual([]);
    expect(['GPL-3.0-only', 'none', 'MIT AND GPL-3.0-only', 'SEE LICENSE IN x'].map(isAllowed)).toEqual(
      new Array<boolean>(4).fill(false),
    );
    expect(isAllowed('(MIT OR WTFPL)')).toBe(true);
  });

  it('are none of those that advisories warn of', () => {
    const warned = packages.flatMap(({ name, version }) =>
      affecting(name, version).map((id) => `${name} ${version}: ${id}`),
    );
    expect(warned).toEqual([]);
    expect(affecting('knex', '2.3.0')).toEqual(['GHSA-4jv9-3563-23j3']);
    expect(affecting('tar-fs', '2.1.3')).toEqual(['GHSA-vj76-c3g6-qr5v']);
    expect(affecting('undici', '7.2.2')).toEqual(['GHSA-c76h-2ccp-4975']);
  });

  it('are looked at by advisories of packages that are there', () => {
    const names = new Set(packages.map(({ name }) => name));
    expect(advisories.filter((advisory) => !names.has(advisory.package))).toEqual([]);
  });
});
