/** How a model is asked at `/probe`. */
export interface ProbeRequest {
  /** Calls besides the golden inputs; null for as many as the model's schedule says. */
  readonly calls: number | null;
  readonly golden: boolean;
  /** For the whole probe. */
  readonly timeoutMs: number;
}
