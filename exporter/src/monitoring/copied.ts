/**
 * The same object of the same class, field by field: no field is forgotten, whatever is added later. What the two must not
 * share is for the caller to copy.
 */
export function copied<T extends object>(of: T): T {
  const copy = { ...of };
  Reflect.setPrototypeOf(copy, Reflect.getPrototypeOf(of));
  return copy;
}
