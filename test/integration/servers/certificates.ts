import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface Certificate {
  readonly key: Buffer;
  readonly cert: Buffer;
  readonly certFile: string;
}

/** `YYYYMMDDHHMMSSZ`, as certificates say it. */
const written = (ms: number): string => `${new Date(ms).toISOString().slice(0, 19).replace(/[-:T]/g, '')}Z`;

/** A certificate for 127.0.0.1 that signs itself and is valid for just this time. */
export function certificateFor(directory: string, name: string, fromMs: number, toMs: number): Certificate {
  const file = (end: string): string => join(directory, `${name}.${end}`);
  writeFileSync(file('index'), '');
  writeFileSync(file('serial'), '01\n');
  writeFileSync(
    file('cnf'),
    [
      '[ca]\ndefault_ca = own\n[own]',
      `database = ${file('index')}\nserial = ${file('serial')}\nnew_certs_dir = ${directory}`,
      'default_md = sha256\npolicy = any\nx509_extensions = names\n[any]\ncommonName = supplied',
      '[req]\ndistinguished_name = dn\n[dn]\n[names]\nsubjectAltName = IP:127.0.0.1\nbasicConstraints = CA:TRUE\n',
    ].join('\n'),
  );
  const openssl = (...options: string[]): void => void execFileSync('openssl', options, { stdio: 'ignore' });
  openssl(
    'req',
    '-new',
    '-newkey',
    'rsa:2048',
    '-nodes',
    '-subj',
    '/CN=127.0.0.1',
    '-config',
    file('cnf'),
    ...['-keyout', file('key')],
    ...['-out', file('csr')],
  );
  openssl(
    'ca',
    '-batch',
    '-selfsign',
    '-notext',
    '-config',
    file('cnf'),
    '-keyfile',
    file('key'),
    '-in',
    file('csr'),
    '-out',
    file('crt'),
    '-startdate',
    written(fromMs),
    '-enddate',
    written(toMs),
  );
  return { key: readFileSync(file('key')), cert: readFileSync(file('crt')), certFile: file('crt') };
}
