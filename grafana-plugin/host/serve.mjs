// `npm run host -w grafana-plugin`: the stage on a fixed port, steered by POST /… on the port after it.
import { createServer } from 'node:http';
import { buildHost } from './build.mjs';
import { startStage } from './stage.mjs';

const port = Number(process.env.HOST_PORT ?? 3999);
await buildHost();
const watched = process.env.STAGE_MODELS?.split(',');
const stage = await startStage({ port, ...(watched === undefined ? {} : { watched }) });
const acts = {
  fail: (fault) => stage.fail(fault),
  mend: () => stage.mend(),
  'stop-exporter': () => stage.stopExporter(),
  'start-exporter': () => stage.startExporter(),
  'wrong-secret': () => stage.setSecret('wrong-secret-wrong-secret-wrong-secret'),
  'right-secret': () => stage.setSecret(null),
  'model-address': () => ({ url: stage.models.urlOf('silent'), base: `http://127.0.0.1:${stage.models.port}` }),
  'guarded-model': () => stage.guarded,
  'carried-out': () => stage.carriedOut,
};
const control = createServer(async (request, response) => {
  try {
    const [act, argument] = request.url.slice(1).split('/');
    const done = await acts[act](argument);
    response.end(JSON.stringify(done ?? null));
  } catch (error) {
    response.writeHead(500).end(String(error));
  }
}).listen(port + 1, '127.0.0.1');
console.log(`host ${stage.url}, exporter ${stage.exporterUrl}`);
for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, async () => {
    control.close();
    await stage.close();
    process.exit(0);
  });
}
