import type { Config } from '../config/config.js';
import type { Anchors } from '../governance/audit/checkpointing.js';
import type { AuditSettings } from '../governance/audit/files.js';

export const auditSettings = ({ dataDirectory, audit }: Config): AuditSettings => ({
  dataDirectory,
  signingKeyFile: audit.signingKeyFile,
  name: audit.name,
});

/** Where checkpoints are kept outside, by the configuration in force. */
export const auditAnchors = ({ audit, identity }: Config): Anchors => ({
  webhook: audit.webhook,
  grafana:
    audit.grafanaToken === null || identity.grafana === null
      ? null
      : { url: identity.grafana.issuer, token: audit.grafanaToken },
});
