import type { Knex } from 'knex';
import type { Json } from '../domain/json.js';
import type { SettingRepository } from '../domain/ports.js';

export function settingRepository(db: Knex): SettingRepository {
  return {
    async get(name) {
      const row = await db('setting').where({ name }).first<{ value: string } | undefined>('value');
      return row === undefined ? null : (JSON.parse(row.value) as Json);
    },
    async set(name, value) {
      await db('setting')
        .insert({ name, value: JSON.stringify(value) })
        .onConflict('name')
        .merge();
    },
  };
}
