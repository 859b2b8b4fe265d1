import { counted } from '../domain/quantity-text.js';
import { readConfiguration } from './configuration.js';

/** `mlfi config check <file>`: 0 when the file is right, 1 with every problem otherwise. */
export function configCheck(file: string): number {
  const config = readConfiguration(file);
  if (config === null) return 1;
  const store = config.database.kind === 'sqlite' ? config.database.file : 'PostgreSQL';
  console.log(
    `${file} is right: ${counted(config.models.length, 'model')}, store ${store}, listening on ${config.listen.address}:${config.listen.port}.`,
  );
  return 0;
}
