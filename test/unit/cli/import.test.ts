import { afterEach, describe, expect, it, vi } from 'vitest';
import type { ImportSource } from '../../../exporter/src/cli/commands.js';
import type { ImportPreview } from '../../../exporter/src/domain/import-preview.js';
import { importFiles } from '../../../exporter/src/cli/import.js';
import type { ImportOptions } from '../../../exporter/src/cli/import-plan.js';
import { progressText } from '../../../exporter/src/cli/import-progress.js';
import { baselineText, storyMarkdown, storyText, type Outcome } from '../../../exporter/src/cli/import-story.js';

const DAY_MS = 86_400_000;
const outcome: Outcome = {
  progress: { as: 'history', rows: 12_345, labels: 0, refused: 0, from_ms: DAY_MS, to_ms: 30 * DAY_MS },
  baseline_version: 1,
  learns_still: [],
  notes: [],
  incidents: [
    {
      id: 'i-1',
      severity: 'high',
      since_ms: 10 * DAY_MS,
      opened_at_ms: 12.5 * DAY_MS,
      closed_at_ms: null,
      cause: 'Concept drift',
      headline: 'fraud: accuracy fell <b>a_lot</b>',
      summary: null,
    },
  ],
};

describe('the story of a history', () => {
  it('says what was told, when it began, how long that took, why, and whether it was over', () => {
    expect(storyText('fraud', outcome)).toBe(
      [
        'What mlfi would have told you about "fraud", 1970-01-02 00:00:00 UTC to 1970-01-31 00:00:00 UTC (12,345 rows):',
        '',
        '1970-01-13 12:00:00 UTC  [high] fraud: accuracy fell <b>a_lot</b>',
        '    most likely cause: Concept drift',
        '    began 1970-01-11 00:00:00 UTC, told 2 d 12 h later',
        '    still open at the end of this history',
        '    mlfi incidents show i-1',
        '',
      ].join('\n'),
    );
    expect(storyText('fraud', { ...outcome, incidents: [] })).toContain('Nothing: no incident would have been opened.');
  });

  it('is a document in which names are no markup', () => {
    expect(storyMarkdown('fraud', outcome)).toContain('fraud: accuracy fell \\<b\\>a\\_lot\\</b\\>');
  });

  it('says what the baseline is, or what it lacks', () => {
    const trained = { ...outcome, progress: { ...outcome.progress, as: 'baseline' as const } };
    expect(baselineText('fraud', trained)).toContain('12,345 rows are the baseline of "fraud" (version 1)');
    const none = { ...trained, baseline_version: null, learns_still: ['88 more answered samples'] };
    expect(baselineText('fraud', none)).toBe('"fraud" has no baseline yet: 88 more answered samples.');
  });
});

describe('progress', () => {
  it('has the rate, and the time left where the length is known', () => {
    expect(progressText({ rows: 12_000, repeated: 0, share: 0.25 }, 10)).toBe(
      '12,000 rows (25 %), 1,200 rows/s, 30 s left',
    );
    expect(progressText({ rows: 12_000, repeated: 5_000, share: null }, 10)).toBe(
      '12,000 rows, 1,200 rows/s, 5,000 of them were there already',
    );
  });
});

describe('what is said of an import', () => {
  const said: string[] = [];
  vi.spyOn(console, 'error').mockImplementation((text: string) => void said.push(text));
  vi.spyOn(console, 'log').mockImplementation((text: string) => void said.push(text));
  afterEach(() => void said.splice(0));

  const preview: ImportPreview = {
    file: 'a.csv',
    columns: [{ name: 'age', role: 'feature', kind: 'number', example: '\u001B[31m38' }],
    rows: 1,
    labels: 0,
    refused: 0,
    errors: [],
    notes: [],
    isTable: true,
    hasPredictions: true,
    isUndated: false,
  };
  const source: ImportSource = {
    files: [],
    preview: () => Promise.resolve([preview]),
    async *pieces() {
      await Promise.resolve();
      throw new Error('nothing may be read before somebody says so');
    },
  };
  const run = (options: Partial<ImportOptions>): Promise<number> =>
    importFiles({ openImport: () => Promise.resolve(source) }, ['a.csv'], { model: 'm', as: 'history', ...options });

  it.each([
    [{ as: 'past' }, '--as: baseline or history, not "past"'],
    [{ model: 'Not An Id' }, '--model: 1 to 64'],
    [{ map: 'age:price' }, '--map: "age:price" is not name:role with a role of '],
    [{ format: 'xml' }, '--format: one of csv'],
    [{ from: '2026-01-01' }, '--from and --rows-per-day belong together'],
    [{ from: 'soon', rowsPerDay: '5' }, '--from: a date'],
    [{ from: '2026-01-01', rowsPerDay: '0.5' }, '--rows-per-day: a whole number'],
  ])('is refused when it is wrong: %j', async (options, why) => {
    expect(await run(options)).toBe(1);
    expect(said.join('\n')).toContain(why);
  });

  it('shows the columns without what would steer the terminal, and asks before it reads on', async () => {
    expect(await run({})).toBe(1);
    expect(said[0]).toBe('a.csv: the first rows are read so; 1 row\n  age  feature   [31m38');
    expect(said[1]).toContain('nothing was imported');
    said.splice(0);
    expect(await run({ preview: true })).toBe(0);
  });

  it('is refused where a table has no such column, before anything is sent; of rows a line it is noted', async () => {
    const notes = [{ reason: 'not_met', field: 'contry', message: 'no row has it', rows: 1 }];
    const preview = vi.spyOn(source, 'preview');
    const shown = { file: 'a.csv', columns: [], rows: 1, labels: 0, refused: 0, errors: [], hasPredictions: true };
    preview.mockResolvedValueOnce([{ ...shown, notes, isTable: true, isUndated: false }]);
    expect(await run({ map: 'contry:ignore', yes: true })).toBe(1);
    expect(said.at(-1)).toBe('--map: there is no column "contry"');
    preview.mockResolvedValueOnce([{ ...shown, notes, isTable: false, isUndated: false }]);
    expect(await run({ map: 'contry:ignore', preview: true })).toBe(0);
    expect(said.at(-1)).toContain('contry: no row has it (1 row)');
  });
});
