import type { Config } from '../config/config.js';
import type { Anchors, Checkpointing } from '../governance/audit/checkpointing.js';
import { auditCheckpoints, type AuditSettings } from '../governance/audit/files.js';
import type { Foundation } from './foundation.js';

/** Checkpoints of the log. @throws Error naming the file when the signing key cannot be used */
export const wireAudit = ({ started, config, store, clock, logger, http }: Foundation): Promise<Checkpointing> =>
  auditCheckpoints(auditSettings(started), { store, clock, logger, http }, () => auditAnchors(config.current()));

const auditSettings = ({ dataDirectory, audit }: Config): AuditSettings => ({
  dataDirectory,
  signingKeyFile: audit.signingKeyFile,
  name: audit.name,
});

/** Where checkpoints are kept outside, by the configuration in force. */
const auditAnchors = ({ audit, identity }: Config): Anchors => ({
  webhook: audit.webhook,
  grafana:
    audit.grafanaToken === null || identity.grafana === null
      ? null
      : { url: identity.grafana.issuer, token: audit.grafanaToken },
});
