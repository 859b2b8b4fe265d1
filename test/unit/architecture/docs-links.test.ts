import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { CAUSE_IDS } from '../../../exporter/src/domain/cause.js';

const PAGES = [
  'README.md',
  'CONTRIBUTING.md',
  'CHANGELOG.md',
  ...globSync('{docs,clients,grafana-plugin}/**/*.md'),
].filter((page) => !page.includes('node_modules') && !page.startsWith('docs/site/'));

/** GitHub's: lower case, punctuation dropped, spaces as hyphens. */
const anchorOf = (heading: string): string =>
  heading
    .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, '')
    .trim()
    .replace(/\s/g, '-');
const anchorsIn = (page: string): readonly string[] =>
  [...readFileSync(page, 'utf8').matchAll(/^#{1,6} (.+)$/gm)].map(([, heading]) => anchorOf(heading ?? ''));
const linksIn = (page: string): readonly string[] =>
  [
    ...readFileSync(page, 'utf8')
      .replace(/```[\s\S]*?```/g, '')
      .matchAll(/\]\(([^)\s]+)\)/g),
  ]
    .map(([, target]) => target ?? '')
    .filter((target) => !/^[a-z]+:/.test(target));

function dead(page: string, target: string): boolean {
  const [path = '', anchor] = target.split('#');
  const file = path === '' ? page : join(dirname(page), path);
  return !existsSync(file) || (anchor !== undefined && file.endsWith('.md') && !anchorsIn(file).includes(anchor));
}

describe('the docs', () => {
  it('are more than a handful of pages', () => expect(PAGES.length).toBeGreaterThan(40));

  it.each(PAGES)('%s has no dead link', (page) => {
    expect(linksIn(page).filter((target) => dead(page, target))).toEqual([]);
  });

  it('are all on the site, with what they link to beyond', () => {
    const sections = readFileSync('docs/site/.vitepress/config.mjs', 'utf8');
    const collected = readFileSync('docs/site/collect.mjs', 'utf8');
    const pages = globSync('docs/*.md');
    expect(pages.filter((page) => !sections.includes(`'${page.slice('docs/'.length)}'`))).toEqual([]);
    const beyond = pages.flatMap((page) => linksIn(page)).filter((target) => target.startsWith('../'));
    expect(beyond.filter((target) => !collected.includes(`'${target}'`))).toEqual([]);
  });

  it('have a page for every cause, under its id, and a list of all', () => {
    const list = readFileSync('docs/causes/README.md', 'utf8');
    for (const id of CAUSE_IDS.filter((one) => one !== 'none')) {
      const page = readFileSync(`docs/causes/${id}.md`, 'utf8');
      expect(page, id).toContain(`\n\`${id}\` · `);
      expect(page, id).toContain('**What to do**');
      expect(list, id).toContain(`(${id}.md)`);
    }
    expect(globSync('docs/causes/*.md')).toHaveLength(CAUSE_IDS.length);
  });
});
