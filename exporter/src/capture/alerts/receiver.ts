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
import { verifyGrafanaSignature, type SignatureVerdict } from './grafana-signature.js';
import { isOwnAlert, parseNotification, type ParsedNotification } from './notification.js';

export interface AlertSettings {
  /** Labels that may hold a model's id, in the order they are tried. */
  readonly modelLabels: readonly string[];
  /** What Grafana signs its notifications with; null where none is configured. */
  readonly grafanaSecret: { reveal(): string } | null;
}

/** The watched models, as whoever brings alerts about them sees them. */
export interface AlertedModels {
  has(id: ModelId): boolean;
  /** Adds the alert to the timeline of its model's incident, unless it is there, and has the model evaluated. */
  recordAlert(id: ModelId, alert: ExternalAlert, receipt: AlertReceipt): Promise<void>;
}

export interface AlertReceiverPorts {
  readonly alerts: Pick<AlertRepository, 'take'>;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly models: AlertedModels;
  /** Read at every use. */
  readonly settings: () => AlertSettings;
  readonly count: (sender: AlertSender, outcomes: readonly (AlertReceipt | 'own' | 'unassigned')[]) => void;
}

/** Takes notifications of Alertmanager and Grafana: each firing of an alert once, whoever sends it how often, and mlfi's own alerts never. */
export class AlertReceiver {
  constructor(private readonly ports: AlertReceiverPorts) {}

  /** Reads the body of a notification. */
  parse(body: string): ParsedNotification {
    return parseNotification(body, this.ports.clock.now());
  }

  /** Whether Grafana signed the body; `valid` also where no secret is configured. */
  verifyGrafana(body: string, signature: string | undefined, timestamp: string | undefined): SignatureVerdict {
    const secret = this.ports.settings().grafanaSecret;
    if (secret === null) return 'valid';
    return verifyGrafanaSignature(secret.reveal(), body, signature, timestamp, this.ports.clock.now());
  }

  /**
   * Resolves when the alerts, and their lines in the timelines of open incidents, are stored; the evaluation follows.
   * @throws Unavailable when the store refuses: sent again, each counts once
   */
  async receive(sender: AlertSender, received: readonly ReceivedAlert[]): Promise<AlertIntake> {
    const { clock, logger, models } = this.ports;
    const foreign = received.filter((alert) => !isOwnAlert(alert));
    const alerts = foreign.map((alert): ExternalAlert => ({
      ...alert,
      sender,
      modelId: this.modelOf(alert),
      receivedAtMs: clock.now(),
    }));
    const refused = (error: unknown): never => {
      // Not the message: a database error repeats the values, which are others' texts.
      const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
      logger.error({ code }, 'the store refused a notification');
      throw new Unavailable('the store cannot be written now; send the notification again');
    };
    const receipts = await this.ports.alerts.take(alerts).catch(refused);
    const own = received.length - foreign.length;
    const unassigned = alerts.filter((alert, i) => alert.modelId === null && receipts[i] === 'new').length;
    this.ports.count(sender, [
      ...receipts.map((receipt, i) => (receipt === 'new' && alerts[i]?.modelId === null ? 'unassigned' : receipt)),
      ...Array.from({ length: own }, () => 'own' as const),
    ]);
    for (const [i, alert] of alerts.entries())
      if (alert.modelId !== null)
        await models.recordAlert(alert.modelId, alert, receipts[i] ?? 'duplicate').catch(refused);
    const of = (receipt: AlertReceipt): number => receipts.filter((given) => given === receipt).length;
    return { taken: of('new'), duplicate: of('duplicate'), resolved: of('resolved'), unassigned, own };
  }

  private modelOf({ labels }: ReceivedAlert): ModelId | null {
    for (const label of this.ports.settings().modelLabels) {
      try {
        const id = modelId(labels[label] ?? '');
        if (this.ports.models.has(id)) return id;
      } catch {
        // A label of that name that holds something else.
      }
    }
    return null;
  }
}
