import { describe, expect, it } from 'vitest';
import { configurationFile } from '../../../exporter/src/cli/configuration.js';

describe('the configuration file that is meant', () => {
  it('is the one named, else that of MLFI_CONFIG', () => {
    expect(configurationFile('named.yml', { MLFI_CONFIG: 'elsewhere.yml' })).toBe('named.yml');
    expect(configurationFile(null, { MLFI_CONFIG: 'elsewhere.yml' })).toBe('elsewhere.yml');
  });

  it('is none where neither names one and no mlfi.yml lies in the working directory', () => {
    expect(configurationFile(null, { MLFI_CONFIG: '' })).toBeNull();
    expect(configurationFile(null, {})).toBeNull();
  });
});
