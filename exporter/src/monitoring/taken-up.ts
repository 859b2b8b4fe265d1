import { StoreDocumentDamaged } from '../domain/codec.js';
import type { ModelId } from '../domain/identifiers.js';
import type { FleetPorts } from './fleet-ports.js';
import type { MonitoredModel } from './monitored-model.js';

/** A model made of what is stored of it. @throws StoreDocumentDamaged for what the codecs let pass and the model cannot be made of: it fails alone */
export function takenUp(id: ModelId, make: () => MonitoredModel, logger: FleetPorts['logger']): MonitoredModel {
  try {
    return make();
  } catch (error) {
    const place = { table: 'baseline, learning, window_profile or drift_monitor', row: id, model: id };
    // Its message may quote what is stored: only where it was thrown is told.
    const stack = error instanceof Error ? (error.stack ?? '') : '';
    const at = stack.split('\n').filter((line) => /^\s+at /.test(line));
    logger.debug({ model: id, at }, 'a model cannot be made of what is stored of it');
    throw new StoreDocumentDamaged(place, 'damaged', error instanceof Error ? error.name : 'it cannot be taken up');
  }
}
