#!/usr/bin/env node
/** The program: the command line, wired to the service. */

// Before anything is loaded, for that takes as long as all else of a start: the signal would end the process. What it asks
// for needs nothing yet: the configuration is read afterwards, and from then on the service listens itself.
if (process.argv[2] === 'serve') process.on('SIGHUP', () => undefined);

const [
  { createProgram },
  { verifyExportedLog },
  { investigationJson },
  { openImport },
  { investigateOnce },
  { backupStore, checkStore, dropModel, rebuildStoreIndexes, exportStoredAudit, readReport, verifyStoredAudit },
  { tryModels },
  { startService },
  { systemClock },
  { version },
] = await Promise.all([
  import('./cli/program.js'),
  import('./governance/audit/files.js'),
  import('./http/views/reports.js'),
  import('./service/import-files.js'),
  import('./service/investigate-once.js'),
  import('./service/offline-store.js'),
  import('./service/try-models.js'),
  import('./service/start.js'),
  import('./system/system-clock.js'),
  import('./system/version.js'),
]);

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
