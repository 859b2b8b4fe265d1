import prettier from 'eslint-config-prettier';
import tseslint from 'typescript-eslint';

export default tseslint.config(
  {
    ignores: ['**/dist/**', '**/artifacts/**', '**/work/**', '**/.venv/**', 'grafana-plugin/**', '**/node_modules/**'],
  },
  {
    files: ['exporter/**/*.ts', 'test/**/*.ts', 'provisioning/**/*.ts'],
    extends: [tseslint.configs.recommendedTypeChecked],
    languageOptions: {
      parserOptions: { project: ['./exporter/tsconfig.json', './tsconfig.json'], tsconfigRootDir: import.meta.dirname },
    },
    rules: {
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-non-null-assertion': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      'no-console': 'error',
      'max-lines': ['error', { max: 500, skipBlankLines: true, skipComments: true }],
      complexity: ['error', 20],
    },
  },
  {
    // Tests may hold a table; a source file that is longer holds two concepts.
    files: ['exporter/**/*.ts'],
    rules: { 'max-lines': ['error', 400] },
  },
  {
    files: ['exporter/src/cli/**/*.ts', 'exporter/demo/**/*.ts', 'test/bench/**/*.ts', 'test/faults/fit-weights.ts'],
    rules: { 'no-console': 'off' },
  },
  prettier,
);
