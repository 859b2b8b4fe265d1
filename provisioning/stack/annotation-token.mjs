// Gives mlfi a Grafana service-account token, so that it can post annotations. Grafana cannot be provisioned with one by file.

/**
 * Makes the service account (or finds it) and a token for it.
 * @param {string} grafana root address
 * @param {string} password of the user `admin`
 * @returns {Promise<string>} the token
 * @throws Error with what Grafana answered
 */
export async function annotationToken(grafana, password) {
  const call = async (method, path, body) => {
    const response = await fetch(`${grafana}${path}`, {
      method,
      headers: {
        authorization: `Basic ${Buffer.from(`admin:${password}`).toString('base64')}`,
        'content-type': 'application/json',
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const answer = await response.json().catch(() => ({}));
    if (!response.ok)
      throw new Error(`Grafana answered ${response.status} to ${method} ${path}: ${answer.message ?? 'no message'}`);
    return answer;
  };
  const found = await call('GET', '/api/serviceaccounts/search?query=mlfi-annotations&perpage=10&page=1');
  const known = (found.serviceAccounts ?? []).find(({ name }) => name === 'mlfi-annotations');
  const { id } = known ?? (await call('POST', '/api/serviceaccounts', { name: 'mlfi-annotations', role: 'Editor' }));
  // Names of tokens are unique within their account.
  const { key } = await call('POST', `/api/serviceaccounts/${id}/tokens`, { name: `mlfi ${new Date().toISOString()}` });
  return key;
}
