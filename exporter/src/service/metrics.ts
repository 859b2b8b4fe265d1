import type { Application } from '../application/index.js';
import type { ExpositionFormat } from '../metrics/exposition.js';
import { FleetRenderer, type FleetRender } from '../metrics/fleet-renderer.js';
import { createStoreMetrics, type SharedFactsReader } from '../metrics/store-metrics.js';
import type { Fleet } from '../monitoring/fleet.js';
import type { Foundation } from './foundation.js';
import { StoreWatch } from './store-watch.js';

export interface WiredMetrics {
  /** What is counted in the store, read now and then so that no scrape waits for it. */
  readonly shared: SharedFactsReader;
  /** The page of all models. */
  readonly renderFleet: (format: ExpositionFormat) => Promise<Pick<FleetRender, 'pieces' | 'length'>>;
  readonly store: StoreWatch;
}

export function wireMetrics(
  { started, store, clock, processMetrics }: Foundation,
  fleet: Fleet,
  application: Pick<Application, 'audit' | 'decisions'>,
): WiredMetrics {
  const shared = createStoreMetrics({
    clock,
    figures: () => store.decisionCounts(),
    verifyAudit: () => application.audit.verify(),
    killSwitch: () => application.decisions.killSwitch(),
  });
  const renderer = new FleetRenderer(
    {
      ids: () => fleet.ids(),
      revision: (id) => fleet.revision(id),
      status: (id) => fleet.status(id),
      shared: shared.current,
    },
    () => {
      const { models, signalsPerModel, series } = started.metrics;
      return { models, signals: signalsPerModel, series };
    },
  );
  return {
    shared,
    async renderFleet(format) {
      const startedAt = performance.now();
      const render = await renderer.render(format);
      processMetrics.rendered(render, (performance.now() - startedAt) / 1_000);
      return render;
    },
    store: new StoreWatch(store, processMetrics),
  };
}
