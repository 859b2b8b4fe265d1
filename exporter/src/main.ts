#!/usr/bin/env node
/** The program: the command line, wired to the service. */

// Before anything is loaded, for that takes as long as all else of a start: the signal would end the process. What it asks
// for needs nothing yet: the configuration is read afterwards, and from then on the service listens itself.
if (process.argv[2] === 'serve') process.on('SIGHUP', () => undefined);

const { commandLine } = await import('./service/command-line.js');
await commandLine.parseAsync();
