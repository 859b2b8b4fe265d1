// `npm run stack`: secrets, plugin, containers, and the token for annotations. `npm run stack -- down` stops it and keeps the data.
import { spawn } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { annotationToken } from './annotation-token.mjs';
import { makeSecrets, NO_TOKEN_YET } from './secrets.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '../..');
const secret = (name) => join(root, 'secrets', name);

function run(command, args) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: root, stdio: 'inherit' });
    child.on('error', () => reject(new Error(`${command} cannot be started; is it installed?`)));
    child.on('close', (code) =>
      code === 0 ? resolve() : reject(new Error(`${command} ${args.join(' ')} ended with ${code}`)),
    );
  });
}

async function up() {
  const made = makeSecrets(join(root, 'secrets'));
  if (made.length > 0) console.log(`secrets made: ${made.join(', ')}`);
  if (!existsSync(join(root, 'grafana-plugin/dist/module.js'))) {
    if (!existsSync(join(root, 'node_modules/webpack'))) await run('npm', ['ci']);
    await run('npm', ['run', 'build', '-w', 'grafana-plugin']);
  }
  await run('docker', ['compose', 'up', '--detach', '--build', '--wait']);
  const token = secret('grafana-annotations-token');
  if (readFileSync(token, 'utf8') === NO_TOKEN_YET) {
    const password = readFileSync(secret('grafana-admin-password'), 'utf8').trim();
    writeFileSync(token, await annotationToken('http://127.0.0.1:3000', password));
    await run('docker', ['compose', 'kill', '--signal', 'SIGHUP', 'mlfi']);
  }
  console.log('\n  Grafana       http://localhost:3000/a/mlfi-investigator-app/fleet   user admin');
  console.log(`  its password  ${secret('grafana-admin-password')}`);
  console.log('  Prometheus    http://localhost:9090');
  console.log('  mlfi          http://localhost:9899');
  console.log('  stop          npm run stack -- down');
}

const [command = 'up', ...rest] = process.argv.slice(2);
try {
  await (command === 'up' ? up() : run('docker', ['compose', command, ...rest]));
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}
