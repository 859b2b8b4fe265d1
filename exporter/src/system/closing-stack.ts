/** What was opened, closed again in the opposite order (the `AsyncDisposableStack` of Node 24, for Node 22). */
export class ClosingStack {
  private readonly steps: { readonly name: string; readonly close: () => Promise<unknown> | void }[] = [];

  /** @param name what is closed, for the error when that fails */
  push(name: string, close: () => Promise<unknown> | void): void {
    this.steps.push({ name, close });
  }

  /**
   * Closes everything, newest first; a step that fails does not keep the others open. A second call closes nothing.
   * @throws AggregateError naming every step that failed
   */
  async close(): Promise<void> {
    const failed: Error[] = [];
    for (let step = this.steps.pop(); step !== undefined; step = this.steps.pop()) {
      try {
        await step.close();
      } catch (error) {
        failed.push(new Error(`${step.name}: ${error instanceof Error ? error.message : String(error)}`));
      }
    }
    if (failed.length > 0) throw new AggregateError(failed, failed.map(({ message }) => message).join('; '));
  }
}
