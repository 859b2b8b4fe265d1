import type { DomainEvent, EventBus, Logger } from '../domain/ports.js';

/** In-process publish/subscribe. A listener that throws is logged and does not disturb the others. */
export function createEventBus(logger: Logger): EventBus {
  const listeners = new Set<(event: DomainEvent) => void>();
  return {
    publish(event) {
      for (const listener of [...listeners]) {
        try {
          listener(event);
        } catch (error) {
          logger.error({ event: event.kind, error: String(error) }, 'an event listener failed');
        }
      }
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => {
        listeners.delete(listener);
      };
    },
  };
}
