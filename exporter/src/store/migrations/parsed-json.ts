/** What a text says, null when it is no JSON: a migration must bear damaged documents. */
export function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
