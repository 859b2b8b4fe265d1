import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';

/** Columns of `data/adult.csv.gz` (UCI Adult, CC BY 4.0; see data/SOURCES.md). */
export const NUMERIC_FEATURES = ['age', 'education-num', 'capital-gain', 'capital-loss', 'hours-per-week'] as const;
export const CATEGORICAL_FEATURES = ['workclass', 'marital-status', 'occupation'] as const;
export const FEATURES = [...NUMERIC_FEATURES, ...CATEGORICAL_FEATURES] as const;
export type Feature = (typeof FEATURES)[number];
export type TabularFeatures = Readonly<Record<Feature, number | string | null>>;

export const INCOME_CLASSES = ['<=50K', '>50K'] as const;
export type Income = (typeof INCOME_CLASSES)[number];

export interface AdultRow {
  readonly features: TabularFeatures;
  readonly label: Income;
}

/** True for a feature whose values are numbers. */
export const isNumericFeature = (feature: Feature): boolean =>
  (NUMERIC_FEATURES as readonly Feature[]).includes(feature);

function dataFile(): string {
  // The compiled demo lies in dist/demo/tabular, its data stays in demo/data.
  const places = ['../data', '../../../demo/data'].map((folder) => join(import.meta.dirname, folder, 'adult.csv.gz'));
  const found = places.find((place) => existsSync(place));
  if (found === undefined) throw new Error(`the demo's data file is missing: ${places.join(' or ')}`);
  return found;
}

/**
 * Reads the 9,000 rows the repository ships, in the file's order; `?` becomes null.
 * @throws Error when the file is missing or a row does not fit the header
 */
export function readAdult(): readonly AdultRow[] {
  const [header = '', ...lines] = gunzipSync(readFileSync(dataFile())).toString('utf8').trimEnd().split('\n');
  const columns = header.split(',');
  return lines.map((line, index) => {
    const cells = line.split(',');
    const cell = (column: string): string => {
      const text = cells[columns.indexOf(column)];
      if (text === undefined) throw new Error(`adult.csv.gz line ${index + 2} has no ${column}`);
      return text;
    };
    const valueOf = (feature: Feature): number | string | null => {
      const text = cell(feature);
      if (text === '?') return null;
      return isNumericFeature(feature) ? Number(text) : text;
    };
    const features = Object.fromEntries(FEATURES.map((feature) => [feature, valueOf(feature)])) as Record<
      Feature,
      number | string | null
    >;
    return { features, label: cell('income') === '>50K' ? '>50K' : '<=50K' };
  });
}
