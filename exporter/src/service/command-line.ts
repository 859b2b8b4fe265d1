import { createProgram } from '../cli/program.js';
import { verifyExportedLog } from '../governance/audit/files.js';
import { investigationJson } from '../http/views/reports.js';
import { systemClock } from '../system/system-clock.js';
import { version } from '../system/version.js';
import { openImport } from './import-files.js';
import { investigateOnce } from './investigate-once.js';
import {
  backupStore,
  copyStoreOver,
  checkStore,
  dropModel,
  exportStoredAudit,
  readReport,
  rebuildStoreIndexes,
  verifyStoredAudit,
} from './offline-store.js';
import { startService } from './start.js';
import { tryModels } from './try-models.js';
import { tryTopics } from './try-topics.js';

/** The command line `mlfi …`, its verbs wired to what carries them out. */
export const commandLine = createProgram(
  {
    clock: systemClock,
    start: startService,
    openImport,
    investigateOnce,
    investigationJson,
    tryModels,
    tryTopics,
    readReport,
    verifyStoredAudit,
    verifyExportedAudit: verifyExportedLog,
    exportStoredAudit,
    checkStore,
    rebuildStoreIndexes,
    backupStore,
    copyStoreOver,
    dropModel,
  },
  version,
);
