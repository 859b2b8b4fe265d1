// What Grafana hands to the `configure` of an extension: frozen things behind a proxy. A proxy that gives out other proxies
// instead of the values of a frozen object breaks a rule of JavaScript, and reading them throws; so does Grafana's.

/** Freezes a value with everything in it. */
export function frozen<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.values(value).forEach(frozen);
    Object.freeze(value);
  }
  return value;
}

/** Grafana's read-only view of an object. */
export function readOnly<T extends object>(source: T): T {
  const proxies = new WeakMap<object, object>();
  return new Proxy(source, {
    set: () => false,
    deleteProperty: () => false,
    defineProperty: () => false,
    get(target, name, receiver) {
      const value: unknown = Reflect.get(target, name, receiver);
      if (typeof value !== 'object' || value === null) {
        return value;
      }
      const known = proxies.get(value) ?? readOnly(value);
      proxies.set(value, known);
      return known;
    },
  });
}
