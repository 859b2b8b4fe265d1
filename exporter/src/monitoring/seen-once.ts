/** What is computed of something that changes now and then, kept until it changes: many look, and most see the same. */
export class SeenOnce<T> {
  private kept: { readonly revision: number; readonly value: T } | null = null;

  /** @param compute changes nothing */
  constructor(private readonly compute: () => T) {}

  /** @param revision another number whenever what is computed may have changed */
  at(revision: number): T {
    if (this.kept?.revision !== revision) this.kept = { revision, value: this.compute() };
    return this.kept.value;
  }
}
