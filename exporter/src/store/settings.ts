import type { Knex } from 'knex';
import type { SettingRepository } from '../domain/ports.js';
import { readDocument } from './documents.js';

export function settingRepository(db: Knex): SettingRepository {
  return {
    async get(setting) {
      const { name } = setting;
      const row = await db('setting').where({ name }).first<{ value: string } | undefined>('value');
      return row === undefined ? null : readDocument(setting, row.value, { table: 'setting', row: name, model: null });
    },
    async set(setting, value) {
      await db('setting')
        .insert({ name: setting.name, value: setting.encode(value) })
        .onConflict('name')
        .merge();
    },
  };
}
