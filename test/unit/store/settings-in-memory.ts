import type { SettingRepository } from '../../../exporter/src/domain/ports.js';

/** Settings as the store keeps them, as texts, without a store. */
export function settingsInMemory(texts = new Map<string, string>()): SettingRepository {
  return {
    get({ name, decode }) {
      const text = texts.get(name);
      return Promise.resolve(text === undefined ? null : decode(text));
    },
    setOnce({ name, encode, decode }, value) {
      const text = texts.get(name) ?? encode(value);
      texts.set(name, text);
      return Promise.resolve(decode(text));
    },
    set: ({ name, encode }, value) => Promise.resolve(void texts.set(name, encode(value))),
  };
}
