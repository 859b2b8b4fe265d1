/** Preloaded: sends SIGHUP to the process while it loads the rest of the program. */
import { register } from 'node:module';

register(
  `data:text/javascript,${encodeURIComponent(`
    export async function resolve(specifier, context, next) {
      if (/cli.program.[jt]s$/.test(specifier)) process.kill(process.pid, 'SIGHUP');
      return next(specifier, context);
    }`)}`,
);
