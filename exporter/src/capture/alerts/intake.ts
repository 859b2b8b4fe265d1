import { Unavailable } from '../../domain/errors.js';
import type {
  AlertIntake,
  AlertReceipt,
  AlertRepository,
  AlertSender,
  ExternalAlert,
  ReceivedAlert,
} from '../../domain/alert.js';
import { modelId, type ModelId } from '../../domain/identifiers.js';
import type { Clock, Logger } from '../../domain/ports.js';

export interface AlertIntakePorts {
  readonly alerts: Pick<AlertRepository, 'take'>;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly isWatched: (id: ModelId) => boolean;
  /** Labels that may hold a model's id, in the order they are tried. */
  readonly modelLabels: () => readonly string[];
  readonly isOwn: (alert: ReceivedAlert) => boolean;
  /** Adds the alert to the timeline of its model's incident, unless it is there, and has the model evaluated. */
  readonly record: (model: ModelId, alert: ExternalAlert, receipt: AlertReceipt) => Promise<void>;
  readonly count: (sender: AlertSender, outcomes: readonly (AlertReceipt | 'own' | 'unassigned')[]) => void;
}

/**
 * Takes notifications of Alertmanager and Grafana: each firing of an alert once, whoever sends it how often, and mlfi's own
 * alerts never. Resolves when the alerts, and their lines in the timelines of open incidents, are stored; the evaluation follows.
 * @returns the function that takes one notification; it throws Unavailable when the store refuses: sent again, each counts once
 */
export function createAlertIntake(
  ports: AlertIntakePorts,
): (sender: AlertSender, alerts: readonly ReceivedAlert[]) => Promise<AlertIntake> {
  const modelOf = ({ labels }: ReceivedAlert): ModelId | null => {
    for (const label of ports.modelLabels()) {
      try {
        const id = modelId(labels[label] ?? '');
        if (ports.isWatched(id)) return id;
      } catch {
        // A label of that name that holds something else.
      }
    }
    return null;
  };

  return async (sender, received) => {
    const foreign = received.filter((alert) => !ports.isOwn(alert));
    const alerts = foreign.map((alert): ExternalAlert => ({
      ...alert,
      sender,
      modelId: modelOf(alert),
      receivedAtMs: ports.clock.now(),
    }));
    const refused = (error: unknown): never => {
      // Not the message: a database error repeats the values, which are others' texts.
      const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
      ports.logger.error({ code }, 'the store refused a notification');
      throw new Unavailable('the store cannot be written now; send the notification again');
    };
    const receipts = await ports.alerts.take(alerts).catch(refused);
    const own = received.length - foreign.length;
    const unassigned = alerts.filter((alert, i) => alert.modelId === null && receipts[i] === 'new').length;
    ports.count(sender, [
      ...receipts.map((receipt, i) => (receipt === 'new' && alerts[i]?.modelId === null ? 'unassigned' : receipt)),
      ...Array.from({ length: own }, () => 'own' as const),
    ]);
    for (const [i, alert] of alerts.entries())
      if (alert.modelId !== null) await ports.record(alert.modelId, alert, receipts[i] ?? 'duplicate').catch(refused);
    const of = (receipt: AlertReceipt): number => receipts.filter((given) => given === receipt).length;
    return { taken: of('new'), duplicate: of('duplicate'), resolved: of('resolved'), unassigned, own };
  };
}
