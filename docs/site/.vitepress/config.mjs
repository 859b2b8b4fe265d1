import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { defineConfig } from 'vitepress';

const pages = join(import.meta.dirname, '../pages');
const titleOf = (page) => (/^# (.+)$/m.exec(readFileSync(join(pages, page), 'utf8'))?.[1] ?? page).replaceAll('`', '');
const item = (page) => ({ text: titleOf(page), link: `/${page.replace(/\.md$/, '')}` });

const SECTIONS = {
  Begin: [
    'install.md',
    'tutorial.md',
    'connecting.md',
    'concepts.md',
    'sending-logs.md',
    'python-client.md',
    'kserve.md',
  ],
  'Work with it': ['how-to.md', 'troubleshooting.md', 'deciding.md', 'executors.md', 'runbooks.md', 'store.md'],
  'Prometheus and Grafana': ['add-to-existing.md', 'prometheus.md', 'metrics.md', 'grafana-plugin.md'],
  'How it works': [
    'alternatives.md',
    'detection.md',
    'root-cause-accuracy.md',
    'performance.md',
    'architecture.md',
    'threat-model.md',
  ],
};
const causes = globSync('causes/*.md', { cwd: pages }).filter((page) => !page.endsWith('index.md'));
const listed = new Set([...Object.values(SECTIONS).flat(), 'index.md']);
const forgotten = globSync('*.md', { cwd: pages }).filter((page) => !listed.has(page));
if (forgotten.length > 0)
  throw new Error(`docs/site/.vitepress/config.mjs lists no section for ${forgotten.join(', ')}`);

export default defineConfig({
  title: 'mlfi',
  description: 'A doctor for machine-learning models in production, native to Grafana and Prometheus',
  srcDir: pages,
  outDir: join(import.meta.dirname, '../dist'),
  cacheDir: join(import.meta.dirname, '../node_modules/.cache'),
  cleanUrls: true,
  themeConfig: {
    search: { provider: 'local' },
    outline: 'deep',
    sidebar: [
      ...Object.entries(SECTIONS).map(([text, names]) => ({ text, items: names.map(item) })),
      { text: 'Causes', link: '/causes/', collapsed: true, items: causes.sort().map(item) },
    ],
  },
});
