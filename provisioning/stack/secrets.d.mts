export const NO_TOKEN_YET: string;
export const SECRETS: Readonly<
  Record<
    | 'mlfi-read-key'
    | 'mlfi-ingest-key'
    | 'mlfi-plugin-secret'
    | 'grafana-admin-password'
    | 'grafana-secret-key'
    | 'grafana-annotations-token',
    () => string
  >
>;
export function makeSecrets(folder: string): string[];
