/** The address as it is asked: `http://` is added where no scheme was typed; null when it is no address. */
export function addressOf(typed: string): string | null {
  const text = typed.trim();
  const whole = /^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `http://${text}`;
  try {
    const { protocol, hostname } = new URL(whole);
    return (protocol === 'http:' || protocol === 'https:') && hostname !== '' && !/\s/.test(text) ? whole : null;
  } catch {
    return null;
  }
}
