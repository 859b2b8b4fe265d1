/** A refusal that only HTTP knows: of the message itself, not of what it asks for. */
export class HttpError extends Error {
  constructor(
    readonly status: 405 | 413 | 415,
    readonly code: 'method-not-allowed' | 'too-large' | 'unsupported-media-type',
    message: string,
    readonly field: string | null = null,
  ) {
    super(message);
    this.name = 'HttpError';
  }
}
