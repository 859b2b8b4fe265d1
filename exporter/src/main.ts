#!/usr/bin/env node
/** The program: the command line, wired to the service. */
import { createProgram } from './cli/program.js';
import { verifyExportedLog } from './governance/audit/files.js';
import { investigationJson } from './http/views/reports.js';
import { openImport } from './service/import-files.js';
import { investigateOnce } from './service/investigate-once.js';
import {
  backupStore,
  checkStore,
  dropModel,
  rebuildStoreIndexes,
  exportStoredAudit,
  readReport,
  verifyStoredAudit,
} from './service/offline-store.js';
import { tryModels } from './service/try-models.js';
import { startService } from './service/start.js';
import { systemClock } from './system/system-clock.js';
import { version } from './system/version.js';

await createProgram(
  {
    clock: systemClock,
    start: startService,
    openImport,
    investigateOnce,
    investigationJson,
    tryModels,
    readReport,
    verifyStoredAudit,
    verifyExportedAudit: verifyExportedLog,
    exportStoredAudit,
    checkStore,
    rebuildStoreIndexes,
    backupStore,
    dropModel,
  },
  version,
).parseAsync();
