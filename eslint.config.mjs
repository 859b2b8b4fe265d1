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
    // The core reaches files, processes and the network through ports only; what dependency-cruiser sees are its own files.
    files: [
      'exporter/src/{domain,statistics,capture,baseline,detection,performance,rca,evaluation,experiments,validation,explanation,recommendation,incident-history,stories,incidents,monitoring,governance,application}/**/*.ts',
    ],
    ignores: [
      // A file of checkpoints, a local program, and a forest grown in a realm of its own: each is the adapter of that name.
      'exporter/src/governance/audit/files.ts',
      'exporter/src/governance/executors/command.ts',
      'exporter/src/detection/isolation-forest/tree-grower.ts',
    ],
    rules: {
      'no-restricted-imports': [
        'error',
        {
          patterns: [
            {
              regex:
                '^(node:(fs|fs/promises|http|https|net|tls|dns|child_process|os|process|timers|timers/promises|cluster|dgram|readline)|undici|knex|sqlite3|pg|koa|prom-client)$',
              message: 'The core asks a port for this; the adapter lives in http, store, system, metrics or service.',
            },
          ],
        },
      ],
    },
  },
  {
    files: ['exporter/src/cli/**/*.ts', 'exporter/demo/**/*.ts', 'test/bench/**/*.ts', 'test/faults/fit-weights.ts'],
    rules: { 'no-console': 'off' },
  },
  prettier,
);
