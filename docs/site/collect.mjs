// Gathers what the site is made of in pages/: docs/ as it is, and what it links to beyond.
import { copyFileSync, cpSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const site = import.meta.dirname;
const root = join(site, '../..');
const pages = join(site, 'pages');
const BEYOND = { '../mlfi.example.yml': '/mlfi.example.yml', '../clients/python/README.md': 'python-client.md' };

rmSync(pages, { recursive: true, force: true });
mkdirSync(join(pages, 'public'), { recursive: true });
for (const page of globSync('{*.md,causes/*.md,screenshots/*}', { cwd: join(root, 'docs') }))
  cpSync(join(root, 'docs', page), join(pages, page.replace('causes/README', 'causes/index')));
copyFileSync(join(site, 'home.md'), join(pages, 'index.md'));
copyFileSync(join(root, 'clients/python/README.md'), join(pages, 'python-client.md'));
copyFileSync(join(root, 'mlfi.example.yml'), join(pages, 'public/mlfi.example.yml'));

for (const page of globSync('**/*.md', { cwd: pages })) {
  const file = join(pages, page);
  let text = readFileSync(file, 'utf8')
    .replaceAll('causes/README.md', 'causes/index.md')
    .replaceAll('](README.md', '](index.md');
  for (const [from, to] of Object.entries(BEYOND)) text = text.replaceAll(`](${from})`, `](${to})`);
  if (page === 'python-client.md') text = text.replaceAll('](../../docs/', '](');
  writeFileSync(file, text);
}
