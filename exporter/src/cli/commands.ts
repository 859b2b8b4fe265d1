import type { Application } from '../application/index.js';
import type { AuditVerdict } from '../domain/audit.js';
import type { Discovery, DiscoveryTarget } from '../domain/discovery.js';
import type { Investigation, InvestigationProgress } from '../domain/investigation.js';
import type { MappedRole } from '../domain/field-mapping.js';
import type { ImportPreview } from '../domain/import-preview.js';
import type { Clock, DamagedTable, DroppedHistory } from '../domain/ports.js';
import type { IncidentId, ModelId } from '../domain/identifiers.js';
import type { ReportFormat } from '../domain/report-format.js';
import type { Config } from '../config/config.js';

/** A running mlfi, as far as the command line shows it. */
export interface RunningMlfi {
  readonly application: { readonly models: Pick<Application['models'], 'registered'> };
  readonly address: string;
  readonly storeLocation: string;
  readonly firstKey: string | null;
  close(): Promise<void>;
}

/** What a reader of an audit log holds to check it against; each part may be missing. */
export interface AuditWitness {
  readonly head: string | null;
  readonly checkpoints: string | null;
  readonly key: string | null;
  readonly earlier: string | null;
}

export interface InvestigateOnceOptions {
  readonly samples: number;
  readonly timeoutMs: number;
  /** How the model is to be asked; secrets by the names they have in `secrets`. */
  readonly target: Pick<DiscoveryTarget, 'asking' | 'connector' | 'payloads'>;
  readonly secrets: ReadonlyMap<string, string>;
  readonly onProgress: (progress: InvestigationProgress) => void;
  /** Told each call and what came back, a line each. */
  readonly onCall?: (line: string) => void;
}

/** Files of past rows, cut into pieces; the same files are always cut alike. */
export interface ImportSource {
  readonly files: readonly { readonly name: string; readonly sizeBytes: number | null }[];
  preview(model: string, said: ReadonlyMap<string, MappedRole>): Promise<readonly ImportPreview[]>;
  /** Once. `share` is how much of its file is read with it, null where that is not known. */
  pieces(): AsyncIterable<{
    readonly file: string;
    readonly body: string;
    readonly contentType: string;
    readonly rows: number;
    readonly unit: 'line' | 'row';
    readonly share: number | null;
  }>;
}

/**
 * @param discovery null for a model without an address
 * @param alike how many payloads that mlfi thought up were all answered the same; null where they were not
 */
export type OnTried = (id: ModelId, discovery: Discovery | null, alike: number | null) => void;

/**
 * What came of asking the brokers of a source of logs.
 * @param partitions of each topic
 * @param problem in words; null where all topics are there
 */
export type OnTopicsTried = (source: string, partitions: ReadonlyMap<string, number>, problem: string | null) => void;

/** What the commands do, as the program wires it. */
export interface Commands {
  readonly clock: Pick<Clock, 'now'>;
  start(
    config: Config,
    options: { readonly configurationFile: string | null; readonly signal: AbortSignal },
  ): Promise<RunningMlfi>;
  /** Opens files where the command runs. @throws Error in words */
  openImport(
    paths: readonly string[],
    kind: 'csv' | 'tsv' | 'lines' | 'json' | 'parquet' | null,
  ): Promise<ImportSource>;
  investigateOnce(url: string, options: InvestigateOnceOptions): Promise<Investigation>;
  /** What `investigateOnce` found, as JSON. */
  investigationJson(investigation: Investigation): string;
  /** Asks each model the way the configuration says. `onTried` is called in the file's order. */
  tryModels(config: Config, onTried: OnTried): Promise<void>;
  /** Asks the brokers of each source for its topics. `onTried` is called in the file's order. */
  tryTopics(config: Config, onTried: OnTopicsTried): Promise<void>;
  readReport(config: Config, id: IncidentId | null, format: ReportFormat): Promise<string | null>;
  verifyStoredAudit(config: Config, witness: AuditWitness): Promise<AuditVerdict>;
  verifyExportedAudit(text: string, witness: AuditWitness): Promise<AuditVerdict>;
  /** Reads every table, every document and the audit log. */
  checkStore(config: Config): Promise<{
    readonly documents: number;
    readonly damaged: readonly (Error & { readonly place: { readonly table: string } })[];
    readonly unreadable: readonly DamagedTable[];
    readonly audit: AuditVerdict | null;
  }>;
  /** Where the old file is kept, null on PostgreSQL. */
  rebuildStoreIndexes(config: Config): Promise<string | null>;
  backupStore(config: Config, file: string): Promise<void>;
  /** How many rows were copied. */
  copyStoreOver(config: Config): Promise<number>;
  /** What became of the damaged rows of its history; null when the store knows no such model. */
  dropModel(config: Config, id: string): Promise<DroppedHistory | null>;
  exportStoredAudit(config: Config, write: (lines: string) => void): Promise<void>;
}
