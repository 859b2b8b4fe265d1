import type { Knex } from 'knex';
import type { SettingRepository } from '../domain/ports.js';
import type { Setting } from '../domain/setting.js';
import { readDocument } from './documents.js';

export function settingRepository(db: Knex): SettingRepository {
  const get = async <T>(setting: Setting<T>): Promise<T | null> => {
    const { name } = setting;
    const row = await db('setting').where({ name }).first<{ value: string } | undefined>('value');
    return row === undefined ? null : readDocument(setting, row.value, { table: 'setting', row: name, model: null });
  };
  return {
    get,
    async set(setting, value) {
      await db('setting')
        .insert({ name: setting.name, value: setting.encode(value) })
        .onConflict('name')
        .merge();
    },
    async setOnce(setting, value) {
      await db('setting')
        .insert({ name: setting.name, value: setting.encode(value) })
        .onConflict('name')
        .ignore();
      return (await get(setting)) ?? value;
    },
  };
}
