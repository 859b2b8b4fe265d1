import React from 'react';

/** The text without its backticks, for places that hold nothing but text. */
export const plain = (text: string) => text.replaceAll('`', '');

/** A sentence of the exporter: names it sets in backticks are shown as code. */
export function Words({ children }: { children: string }) {
  // Every other piece stands between two backticks; a lone one at the end opens nothing.
  const pieces = children.split('`');
  return (
    <>
      {pieces.map((piece, index) =>
        index % 2 === 1 && index < pieces.length - 1 ? <code key={index}>{piece}</code> : piece
      )}
    </>
  );
}

/** The text cut at a word, with an ellipsis, so that it holds at most `most` characters. */
export function shortened(text: string, most: number): string {
  if (text.length <= most) {
    return text;
  }
  const cut = text.slice(0, most - 1);
  const space = cut.lastIndexOf(' ');
  return `${cut.slice(0, space > most / 2 ? space : cut.length).replace(/[\s,;:–-]+$/, '')}…`;
}
