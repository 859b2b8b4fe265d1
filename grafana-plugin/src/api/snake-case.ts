/** `openedAtMs` → `opened_at_ms`, for types. */
type SnakeCase<Name extends string> = string extends Name
  ? Name
  : Name extends `${infer First}${infer Rest}`
    ? `${First extends Lowercase<First> ? First : `_${Lowercase<First>}`}${SnakeCase<Rest>}`
    : Name;

/** `T` with its field names in snake_case, at every depth. */
export type SnakeCased<T> =
  T extends ReadonlyArray<infer Element>
    ? Array<SnakeCased<Element>>
    : T extends object
      ? { [Field in keyof T as Field extends string ? SnakeCase<Field> : Field]: SnakeCased<T[Field]> }
      : T;

/** Fields that hold data of others: the names in them are theirs, not ours. */
const OPAQUE = new Set(['answer', 'body', 'labels', 'parameters', 'payloads']);

const snakeCase = (name: string) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

function renamed(value: unknown): unknown {
  if (Array.isArray(value)) {
    return value.map(renamed);
  }
  if (typeof value !== 'object' || value === null) {
    return value;
  }
  return Object.fromEntries(
    Object.entries(value).map(([name, content]) => [snakeCase(name), OPAQUE.has(name) ? content : renamed(content)])
  );
}

/**
 * The answer with snake_case field names, whichever way the exporter writes them: older ones mix both ways. What is
 * snake_case already stays as it is.
 */
export function snakeCased<T>(answer: T): SnakeCased<T>;
// eslint-disable-next-line no-redeclare -- the implementation of the overload above
export function snakeCased(answer: unknown): unknown {
  return renamed(answer);
}
