// What `npm run demo -- --help` says, before anything is installed or built. A test compares it with the options of demo.ts.
export const USAGE = `Usage: npm run demo -- [options]

Break a real model, see the fault found, approve the repair, and see it checked.

Options:
  --once           no story: watch all eight sample models until each has its
                   expected verdict; exit code 1 when one has not after 2500
                   calls of it, or 15 minutes
  --yes            approve the plan of the story without asking
  --data <folder>  where to keep the data (default: a new temporary folder)
  --port <number>  port of the API; 0 picks a free one (default: 9899)
  --seed <text>    seed of everything random (default: "demo")
  -h, --help       display help for command`;
