export function annotationToken(grafana: string, password: string): Promise<string>;
