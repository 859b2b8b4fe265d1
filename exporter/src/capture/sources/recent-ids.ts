const IDS_KEPT = 100_000;

/** The newest ids that were taken: senders repeat what they do not know to have arrived. */
export class RecentIds {
  private readonly ids = new Set<string>();

  /** False for one that was taken before. */
  take(id: string): boolean {
    if (this.ids.has(id)) return false;
    this.ids.add(id);
    if (this.ids.size > IDS_KEPT) for (const oldest of this.ids) if (this.ids.delete(oldest)) break;
    return true;
  }

  forget(ids: readonly string[]): void {
    for (const id of ids) this.ids.delete(id);
  }
}
