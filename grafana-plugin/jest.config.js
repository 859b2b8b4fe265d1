process.env.TZ = 'UTC';

const base = require('./.config/jest.config');
const { grafanaESModules, nodeModulesToTransform } = require('./.config/jest/utils');

const [swc] = Object.values(base.transform);

module.exports = {
  ...base,
  testEnvironment: './jest-environment.js',
  testTimeout: 180_000,
  // Some of Grafana's dependencies ship `.mjs` or ES modules only.
  transform: { '^.+\\.m?[jt]sx?$': swc },
  transformIgnorePatterns: [nodeModulesToTransform([...grafanaESModules, '@react-hookz/web', '@ver0/deep-equal'])],
};
