/** Small pictures of 32 by 32 in PNG, for models that take images: a meadow below the sky, a red disc, a chessboard. Made for this project. */
export const IMAGES: readonly string[] = [
  'iVBORw0KGgoAAAANSUhEUgAAACAAAAAgCAIAAAD8GO2jAAAAMUlEQVR42mNoP/eapohh1IJRC0YtGLVg1IJRC0YtIMoCpW4lmqJRC0YtGLVg1AIiEACh6dbbgNkrcwAAAABJRU5ErkJggg==',
  'iVBORw0KGgoAAAANSUhEUgAAACAAAAAgCAIAAAD8GO2jAAAATklEQVR42mP4SmPAMGrBqAX0seCOhgYuRAUL8JhOjB0MlBhNjDUDZwFJpuOxg4FapuOyY9SCUQtGLRiwnDwsCjt61Ad0qtFGWxWjFhACAEfndkXEdBM7AAAAAElFTkSuQmCC',
  'iVBORw0KGgoAAAANSUhEUgAAACAAAAAgCAIAAAD8GO2jAAAAN0lEQVR42mP4gAREkAC1xBlGLSBoAS0MRRYftYCwBaPJdDQfjFowmg9G88GoBaP5YDQfjFoABgC2XRhbq54oDAAAAABJRU5ErkJggg==',
];

/** A picture as a `data:` address, which is sent as the file it is. */
export const imageUrl = (variant: number): string => `data:image/png;base64,${IMAGES[variant % IMAGES.length] ?? ''}`;

/** A file in a payload: its type, and its content in base64. */
export interface FileValue {
  readonly type: string;
  readonly base64: string;
}

/** The file that a text is: a `data:` address with base64; null for any other text. */
export function fileIn(text: string): FileValue | null {
  const [, type, base64] = /^data:([\w.+-]+\/[\w.+-]+)(?:;[\w.+=-]+)*;base64,([A-Za-z0-9+/]+={0,2})$/.exec(text) ?? [];
  return type === undefined || base64 === undefined ? null : { type, base64 };
}

const SHORTEST_BASE64 = 120;
const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/;

/** How many bytes a file in a text has; null for a text that is none. */
export function bytesInText(text: string): number | null {
  const base64 = fileIn(text)?.base64 ?? (text.length >= SHORTEST_BASE64 && BASE64.test(text) ? text : null);
  return base64 === null ? null : Math.floor((base64.replace(/=+$/, '').length * 3) / 4);
}
