/** Says what was measured, beside the name of the test that asserts it. */
export function figure(text: string): void {
  process.stdout.write(`    ${text}\n`);
}

/** `npm run test:hostile`: many rounds and minutes. Part of `npm test` is the short form. */
export const IS_LONG = process.env.MLFI_LONG === '1';
