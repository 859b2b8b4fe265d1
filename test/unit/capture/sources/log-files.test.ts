import {
  appendFileSync,
  closeSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { BatchReader } from '../../../../exporter/src/capture/ingest/batch-reader.js';
import { DEFAULT_INTAKE_LIMITS } from '../../../../exporter/src/domain/ingest.js';
import { LogFiles } from '../../../../exporter/src/capture/sources/log-files.js';
import type { RefusedLogLine } from '../../../../exporter/src/domain/log-position.js';
import { modelId } from '../../../../exporter/src/domain/identifiers.js';
import { listFolder, openFile } from '../../../../exporter/src/system/folder.js';
import { keyedHash } from '../../../../exporter/src/system/keyed-hash.js';
import { settingsInMemory } from '../../store/settings-in-memory.js';

const MODEL = modelId('fraud');
const QUIET = { debug: () => undefined, info: () => undefined, error: () => undefined };
let directory: string;
/** What the store has: as mlfi’s, one batch of an id is counted once. */
let stored: Map<string, readonly unknown[]>;
let settingTexts: Map<string, string>;
let waiting: number | null;
let unread: boolean;
let refusedLine: RefusedLogLine | null;
let crashAt: 'never' | 'before' | 'after';
let unreadable = '';
let refused: object[];
let warned: object[];
/** What happens while the next rows are taken. */
let meanwhile: () => void;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'mlfi-logs-'));
  stored = new Map();
  settingTexts = new Map();
  crashAt = 'never';
  refused = [];
  warned = [];
  meanwhile = () => undefined;
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

/** A reader as a process that starts now has it. */
const start = (directories = [directory]): LogFiles =>
  new LogFiles(
    {
      list: listFolder,
      open: (path) =>
        unreadable !== '' && path.endsWith(unreadable) ? Promise.reject(new Error('EACCES')) : openFile(path),
      batches: new BatchReader(() => ({ ...DEFAULT_INTAKE_LIMITS, models: new Map() })),
      models: {
        has: (id) => id === MODEL,
        ingest: (_, batch) => {
          const batchId = batch.batchId ?? '';
          meanwhile();
          meanwhile = () => undefined;
          if (crashAt === 'before') return Promise.reject(new Error('crash'));
          const duplicate = stored.has(batchId);
          if (!duplicate && batch.rejected > 0) refused.push(batch.rejectedByReason);
          if (!duplicate)
            stored.set(
              batchId,
              batch.observations.map(({ predictionId }) => predictionId),
            );
          if (crashAt === 'after') return Promise.reject(new Error('crash'));
          return Promise.resolve({
            ...batch,
            accepted: 0,
            labelsInRows: 0,
            labelsMatched: 0,
            labelsUnmatched: 0,
            labelsWaiting: 0,
            duplicate,
          });
        },
      },
      settings: settingsInMemory(settingTexts),
      hash: keyedHash('key'),
      clock: { now: () => Date.now(), sleep: () => Promise.resolve() },
      rowsPerBatch: () => 10_000,
      logger: { ...QUIET, warn: (fields) => void warned.push(fields) },
      told: (_model, reading) => {
        waiting = reading.waitingBytes;
        unread = reading.unreadSinceMs !== null;
        refusedLine = reading.refused;
      },
    },
    directories.map((each) => ({ directory: each, model: MODEL })),
  );
const at = (name: string): string => join(directory, name);
const line = (id: number): string => `{"prediction_id":"${id}","prediction":"x"}\n`;
const ids = (): unknown[] => [...stored.values()].flat();

describe('a folder of log files', () => {
  it('is read as it grows, line by line, and never again', async () => {
    const files = start();
    writeFileSync(at('a.ndjson'), `${line(1)}${line(2)}{"prediction_id":"3",`);
    await files.refresh();
    expect(ids()).toEqual(['1', '2']);
    expect(waiting).toBe(21);
    appendFileSync(at('a.ndjson'), `"prediction":"y"}\n`);
    await files.refresh();
    await start().refresh();
    expect(ids()).toEqual(['1', '2', '3']);
    expect(waiting).toBe(0);
  });

  it('tells of a refused line the file and the byte it begins at, also behind a header and what was read before', async () => {
    const files = start();
    const whereOf = (): unknown => warned.splice(0).map((each) => ({ ...each }));
    writeFileSync(at('a.ndjson'), line(1));
    await files.refresh();
    expect(refusedLine).toBeNull();
    appendFileSync(at('a.ndjson'), `${line(2)}ä\n`);
    await files.refresh();
    const offset = line(1).length + line(2).length;
    expect(whereOf()).toMatchObject([{ model: MODEL, file: 'a.ndjson', offset, refused: 1, reason: 'not_json' }]);
    expect(refusedLine).toMatchObject({ file: 'a.ndjson', offset, reason: 'not_json' });
    writeFileSync(at('b.csv'), 'prediction_id,prediction\n"1\n1",x\n');
    await files.refresh();
    appendFileSync(at('b.csv'), '2,ä\n3\n4,x\n');
    await files.refresh();
    expect(whereOf()).toMatchObject([{ file: 'b.csv', offset: 38, refused: 1, reason: 'not_csv' }]);
    expect(readFileSync(at('b.csv')).subarray(38, 40).toString()).toBe('3\n');
    writeFileSync(at('c.log'), `${line(5)}${'n'.repeat(9 * 1024 * 1024)}\n`);
    await files.refresh();
    expect(whereOf()).toMatchObject([{ file: 'c.log', offset: line(5).length, reason: 'not_json' }]);
  });

  it('takes a line of some MiB, refuses one that is longer, and reads on behind it and in other files', async () => {
    const wide = (id: number, mebibytes: number): string =>
      `{"prediction_id":"${id}","prediction":"x","note":"${'n'.repeat(mebibytes * 1024 * 1024)}"}\n`;
    writeFileSync(at('a.ndjson'), `${line(1)}${wide(2, 3)}${line(3)}${wide(4, 9)}${line(5)}`);
    writeFileSync(at('b.ndjson'), line(6));
    const files = start();
    await files.refresh();
    // An unknown field is refused as in any row; the overlong line by itself.
    expect(ids()).toEqual(['1', '3', '5', '6']);
    expect(refused).toEqual([{ unknown_field: 1 }, { not_json: 1 }]);
    expect(waiting).toBe(0);
    await start().refresh();
    expect(ids()).toEqual(['1', '3', '5', '6']);
    // Without its end it waits; nothing of it is taken twice.
    appendFileSync(at('a.ndjson'), wide(7, 9).slice(0, -1));
    await files.refresh();
    expect(waiting).toBeGreaterThan(9_000_000);
    appendFileSync(at('a.ndjson'), `\n${line(8)}`);
    await files.refresh();
    expect(ids()).toEqual(['1', '3', '5', '6', '8']);
    expect(waiting).toBe(0);
  });

  it('reads the other files of a folder in which one cannot be read', async () => {
    writeFileSync(at('a.ndjson'), line(1));
    writeFileSync(at('b.ndjson'), line(2));
    unreadable = 'a.ndjson';
    await start().refresh();
    expect(ids()).toEqual(['2']);
    expect(unread).toBe(true);
    expect(waiting).toBe(line(1).length);
    unreadable = '';
    await start().refresh();
    expect(ids()).toEqual(['2', '1']);
    expect([unread, waiting]).toEqual([false, 0]);
  });

  it('knows a file that is rotated away, and reads the new one of its name', async () => {
    writeFileSync(at('a.log'), line(1));
    await start().refresh();
    renameSync(at('a.log'), at('a.1.log'));
    writeFileSync(at('a.log'), line(2));
    await start().refresh();
    expect(ids()).toEqual(['1', '2']);
  });

  it('reads a rotated file to its end, whatever it is called by then, and no copy of it', async () => {
    writeFileSync(at('a.log'), line(1));
    writeFileSync(at('b.csv'), 'prediction_id,prediction\n2,x\n');
    writeFileSync(at('c.log'), '');
    await start().refresh();
    appendFileSync(at('a.log'), line(3));
    appendFileSync(at('b.csv'), '4,x\n');
    appendFileSync(at('c.log'), line(5));
    renameSync(at('a.log'), at('a.log.1'));
    renameSync(at('b.csv'), at('b.csv-20261130'));
    renameSync(at('c.log'), at('old'));
    writeFileSync(at('a.log'), line(6));
    copyFileSync(at('a.log'), at('a.log.2'));
    await start().refresh();
    expect(ids().sort()).toEqual(['1', '2', '3', '4', '5', '6']);
    // Its writer has it open still.
    appendFileSync(at('a.log.1'), line(7));
    renameSync(at('a.log.1'), at('a.log.3'));
    await start().refresh();
    await start().refresh();
    expect(ids().slice(6)).toEqual(['7']);
    expect([refused, waiting]).toEqual([[], 0]);
  });

  it('says that rows may be lost with a file that is gone before it was at rest', async () => {
    const files = start();
    writeFileSync(at('a.log'), `${line(1)}{`);
    writeFileSync(at('b.log'), line(2));
    writeFileSync(at('c.parquet'), line(3));
    const longAgo = new Date(Date.now() - 120_000);
    utimesSync(at('b.log'), longAgo, longAgo);
    await files.refresh();
    warned = [];
    for (const name of ['a.log', 'b.log', 'c.parquet']) rmSync(at(name));
    for (let look = 0; look < 3; look += 1) await files.refresh();
    expect(warned).toEqual([{ model: MODEL, files: 1, unreadBytes: 1 }]);
  });

  it('reads what was listed, though files are renamed while another is read', async () => {
    const files = start();
    for (let id = 0; id < 10; id += 1) {
      appendFileSync(at('app.log'), line(id));
      await files.refresh();
    }
    writeFileSync(at('aaa.log'), line(10));
    appendFileSync(at('app.log'), line(11));
    meanwhile = () => {
      renameSync(at('app.log'), at('app-1.log'));
      for (let id = 12; id < 40; id += 1) appendFileSync(at('app.log'), line(id));
    };
    await files.refresh();
    await files.refresh();
    expect(ids().sort()).toEqual(Array.from({ length: 40 }, (_, id) => String(id)).sort());
    expect([unread, waiting]).toEqual([false, 0]);
  });

  it('reads a file again that was written anew', async () => {
    const files = start();
    writeFileSync(at('a.log'), `${line(1)}${line(2)}`);
    await files.refresh();
    truncateSync(at('a.log'), 0);
    writeFileSync(at('a.log'), line(3));
    await files.refresh();
    expect(ids()).toEqual(['1', '2', '3']);
  });

  it.each(['by itself', 'after a restart'])(
    'reads a file again that was written anew and is as long or longer by the next look, %s',
    async (how) => {
      let files = start();
      const look = async (): Promise<void> => {
        if (how === 'after a restart') files = start();
        await files.refresh();
      };
      writeFileSync(at('a.log'), line(1) + line(2));
      writeFileSync(at('b.csv'), `prediction_id,prediction,${'n'.repeat(2_000)}\n1,x,\n2,x,\n`);
      await look();
      truncateSync(at('a.log'), 0);
      appendFileSync(at('a.log'), line(3) + line(4) + line(5));
      truncateSync(at('b.csv'), 0);
      // The same beginning, and what follows is as long as what was there.
      writeFileSync(at('b.csv'), `prediction_id,prediction,${'n'.repeat(2_000)}\n3,x,\n4,x,\n`);
      await look();
      expect(ids()).toEqual(['1', '2', '1', '2', '3', '4', '5', '3', '4']);
      appendFileSync(at('a.log'), line(6));
      await look();
      expect(ids().at(-1)).toBe('6');
      expect(ids()).toHaveLength(10);
    },
  );

  it('reads a file on whose writer went on in its place after it was emptied', async () => {
    writeFileSync(at('a.log'), line(1).repeat(100));
    await start().refresh();
    const { size } = statSync(at('a.log'));
    truncateSync(at('a.log'), 0);
    const handle = openSync(at('a.log'), 'r+');
    writeSync(handle, line(2), size);
    closeSync(handle);
    await start().refresh();
    expect(ids().slice(100)).toEqual(['2']);
    expect(refused).toEqual([]);
  });

  it('skips a hole before a line, also where rows were not read before it, or it is longer than a line may be', async () => {
    writeFileSync(at('a.log'), line(1));
    await start().refresh();
    appendFileSync(at('a.log'), line(2));
    const { size } = statSync(at('a.log'));
    truncateSync(at('a.log'), 0);
    const writeAt = (name: string, text: string, offset: number): void => {
      const handle = openSync(at(name), 'a+');
      closeSync(handle);
      const place = openSync(at(name), 'r+');
      writeSync(place, text, offset);
      closeSync(place);
    };
    writeAt('a.log', line(3), size);
    writeAt('b.log', line(4), 9 * 1024 * 1024);
    writeAt('c.csv', 'prediction_id,prediction\n5,x\n', 10);
    writeFileSync(at('d.log'), `${line(6)}${'\0'.repeat(50)}${line(7)}${'\0'.repeat(50)}{`);
    await start().refresh();
    expect(ids()).toEqual(['1', '3', '4', '5', '6', '7']);
    // What is allocated and not written yet is no line.
    writeFileSync(at('d.log'), `${line(6)}${'\0'.repeat(50)}${line(7)}${'\0'.repeat(50)}`);
    const longAgo = new Date(Date.now() - 120_000);
    utimesSync(at('d.log'), longAgo, longAgo);
    await start().refresh();
    expect([ids().length, refused, waiting]).toEqual([6, [], 50]);
  });

  it('reads a table behind a hole under its header, also after a crash', async () => {
    const rows = Array.from({ length: 12_000 }, (_, id) => `${id},x\n`).join('');
    writeFileSync(at('a.csv'), `${'\0'.repeat(99)}prediction_id,prediction\n${rows}`);
    crashAt = 'after';
    await start().refresh();
    crashAt = 'never';
    await start().refresh();
    expect([new Set(ids()).size, ids().length, refused]).toEqual([12_000, 12_000, []]);
  });

  it('takes a file that grows as the one it was, where an earlier mlfi read it', async () => {
    writeFileSync(at('a.log'), line(1) + line(2));
    await start().refresh();
    for (const [name, text] of settingTexts) settingTexts.set(name, text.replace(/,"known":\{[^}]*\}/, ''));
    appendFileSync(at('a.log'), line(3));
    await start().refresh();
    truncateSync(at('a.log'), 0);
    appendFileSync(at('a.log'), line(4).repeat(9));
    await start().refresh();
    expect(ids().slice(0, 4)).toEqual(['1', '2', '3', '4']);
    expect(ids()).toHaveLength(12);
  });

  it('reads tables in pieces under their header, with line ends in quoted cells', async () => {
    const files = start();
    writeFileSync(at('a.csv'), 'prediction_id,note,prediction\n1,"two\nlines",x\n2,"half');
    await files.refresh();
    expect(ids()).toEqual(['1']);
    appendFileSync(at('a.csv'), '\nway",x\n3,,y\n');
    await files.refresh();
    expect(ids()).toEqual(['1', '2', '3']);
  });

  it('takes a quote within a cell as what it is, and holds no row back for it', async () => {
    const files = start();
    writeFileSync(at('a.csv'), 'prediction_id,note,prediction\n1,5" pipe,x\n2,"say ""a"", or\n""b""",x\n3,"",y\n');
    await files.refresh();
    appendFileSync(at('a.csv'), '4,6" pipe,x\n');
    await files.refresh();
    expect(ids()).toEqual(['1', '2', '3', '4']);
    expect([refused, waiting]).toEqual([[], 0]);
  });

  it('keeps nothing of what is in a file, and knows the header of a table after a restart', async () => {
    writeFileSync(at('a.csv'), 'note,prediction_id,prediction\n"CANARY,one",1,x\n');
    writeFileSync(at('b.csv'), 'CANARYcell,33,y\nCANARYother,34,n\n');
    writeFileSync(at('c.ndjson'), '{"features":{"iban":"CANARYiban"},"prediction_id":"2","prediction":"x"}\n');
    writeFileSync(at('d.log'), '[{"features":{"x":"CANARYlist"},"prediction_id":"3","prediction":"x"}]\n');
    writeFileSync(at('e.log'), '{"features":{"x":"CANARYbroken\n');
    await start().refresh();
    appendFileSync(at('a.csv'), 'CANARYtwo,4,x\n');
    appendFileSync(at('b.csv'), 'CANARYthird,35,n\n');
    await start().refresh();
    expect(ids()).toEqual(['1', '2', '3', '4']);
    expect([...settingTexts.keys()]).toEqual(['log-file-positions']);
    expect([...settingTexts.values()].join('')).not.toMatch(/CANARY|note|prediction/);
  });

  it('takes a last line without its end, once nothing comes any more', async () => {
    writeFileSync(at('a.jsonl'), line(1) + line(2).trim());
    await start().refresh();
    expect(ids()).toEqual(['1']);
    const longAgo = new Date(Date.now() - 120_000);
    utimesSync(at('a.jsonl'), longAgo, longAgo);
    await start().refresh();
    expect(ids()).toEqual(['1', '2']);
  });

  it.each(['before', 'after'] as const)(
    'counts every row once, though it dies %s the rows are stored, and the file grows meanwhile',
    async (when) => {
      for (let i = 0; i < 50; i += 1) {
        appendFileSync(at('a.ndjson'), line(i));
        crashAt = i % 3 === 0 ? when : 'never';
        await start().refresh();
      }
      crashAt = 'never';
      await start().refresh();
      expect(ids()).toEqual(Array.from({ length: 50 }, (_, i) => String(i)));
    },
  );

  it('passes over links, folders and files of other kinds', async () => {
    writeFileSync(at('secret.parquet'), line(1));
    symlinkSync('/etc/passwd', at('passwd.log'));
    await start().refresh();
    expect(ids()).toEqual([]);
    expect(waiting).toBe(0);
  });

  it('says that it cannot be read, also beside another of the model that can', async () => {
    writeFileSync(at('a.ndjson'), line(1));
    const files = start([at('missing'), directory]);
    await files.refresh();
    expect([ids(), waiting, unread]).toEqual([['1'], null, true]);
    mkdirSync(at('missing'));
    await files.refresh();
    expect([waiting, unread]).toEqual([0, false]);
  });

  it('takes a file of many pieces', async () => {
    const rows = 150_000;
    writeFileSync(at('big.ndjson'), Array.from({ length: rows }, (_, i) => line(i)).join(''));
    await start().refresh();
    expect(ids()).toHaveLength(rows);
    expect(new Set(ids()).size).toBe(rows);
    expect(Math.max(...[...stored.values()].map((batch) => batch.length))).toBeLessThan(10_000);
  });
});
