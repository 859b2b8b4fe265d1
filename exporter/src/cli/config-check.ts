import { counted } from '../domain/quantity-text.js';
import { readConfiguration } from './configuration.js';

/** `mlfi config check <file>`: 0 when a start would take the file, 1 with every problem otherwise. Opens and calls nothing. */
export function configCheck(file: string): number {
  const config = readConfiguration(file);
  if (config === null) return 1;
  const store = config.database.kind === 'sqlite' ? config.database.file : 'PostgreSQL';
  console.log(
    `${file}: every key and value is valid (${counted(config.models.length, 'model')}, store ${store}, listening on ${config.listen.address}:${config.listen.port}). Not checked: whether models and store can be reached.`,
  );
  return 0;
}
