import importPlugin from 'eslint-plugin-import';
import prettier from 'eslint-config-prettier';
import tseslint from 'typescript-eslint';

const STAGES = ['capture', 'baseline', 'detection', 'performance', 'rca', 'explanation', 'recommendation', 'governance', 'learning', 'validation', 'annotation', 'changes'];
const EDGES = ['store', 'http', 'metrics', 'cli', 'config'];
const src = './exporter/src';

/** A stage imports `domain`, itself, and the pure mathematics in `detection/statistics`; an edge imports no stage's insides. */
const zones = [
  { target: `${src}/domain`, from: src, except: ['./domain'], message: 'domain imports nothing' },
  {
    target: `${src}/detection/statistics`,
    from: src,
    except: ['./domain', './detection/statistics'],
    message: 'statistics are pure: only domain types',
  },
  ...STAGES.map((stage) => ({
    target: `${src}/${stage}`,
    from: src,
    except: ['./domain', `./${stage}`, './detection/statistics'],
    message: `${stage} may import domain, itself and detection/statistics; everything else comes in as a port`,
  })),
  ...EDGES.flatMap((edge) =>
    STAGES.map((stage) => ({
      target: `${src}/${edge}`,
      from: `${src}/${stage}`,
      except: stage === 'detection' ? ['./statistics'] : [],
      message: `${edge} does not reach into a stage; main.ts wires them`,
    })),
  ),
];

export default tseslint.config(
  {
    ignores: ['**/dist/**', '**/artifacts/**', '**/work/**', '**/.venv/**', 'grafana-plugin/**', '**/node_modules/**'],
  },
  {
    files: ['exporter/**/*.ts', 'test/**/*.ts', 'provisioning/**/*.ts'],
    extends: [tseslint.configs.recommendedTypeChecked],
    plugins: { import: importPlugin },
    languageOptions: {
      parserOptions: { project: ['./exporter/tsconfig.json', './tsconfig.json'], tsconfigRootDir: import.meta.dirname },
    },
    settings: {
      'import/resolver': {
        typescript: { project: ['./exporter/tsconfig.json', './tsconfig.json'], noWarnOnMultipleProjects: true },
      },
    },
    rules: {
      'import/no-restricted-paths': ['error', { zones }],
      'import/no-cycle': ['error', { ignoreExternal: true }],
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
    files: ['exporter/src/cli/**/*.ts', 'exporter/demo/**/*.ts', 'test/bench/**/*.ts', 'test/faults/fit-weights.ts'],
    rules: { 'no-console': 'off' },
  },
  prettier,
);
