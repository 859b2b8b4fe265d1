const MOST_CAUSES = 5;

/** What a library says and what lies below it: the first says that something failed, the last why. */
export function causesOf(error: unknown): string {
  const texts: string[] = [];
  const look = (one: unknown): void => {
    if (!(one instanceof Error) || texts.length === MOST_CAUSES) return;
    if (!texts.includes(one.message)) texts.push(one.message);
    if (one instanceof AggregateError) for (const inner of one.errors as readonly unknown[]) look(inner);
    look(one.cause);
  };
  look(error);
  return texts.length === 0 ? String(error) : texts.join(': ');
}
