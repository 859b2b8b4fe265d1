import React from 'react';
import { useTheme2 } from '@grafana/ui';
import { useMeasure } from './useMeasure';

/** A titled box of a page. */
export function Section({
  title,
  actions,
  id,
  children,
}: {
  title: string;
  actions?: React.ReactNode;
  id?: string;
  children: React.ReactNode;
}) {
  const theme = useTheme2();
  return (
    <section
      id={id}
      aria-label={title}
      tabIndex={-1}
      style={{
        background: theme.colors.background.primary,
        outline: 'none',
        border: `1px solid ${theme.colors.border.weak}`,
        borderRadius: 4,
        padding: 16,
        marginBottom: 16,
        overflowX: 'auto',
      }}
    >
      <div
        style={{
          display: 'flex',
          justifyContent: 'space-between',
          alignItems: 'flex-start',
          gap: 8,
          marginBottom: 8,
          flexWrap: 'wrap',
        }}
      >
        <h2 style={{ fontSize: theme.typography.h5.fontSize, marginBottom: 0 }}>{title}</h2>
        <div>{actions}</div>
      </div>
      {children}
    </section>
  );
}

const NUMBER = /^[-−+]?[\d.,]+( %| ms| s| : 1)?$|^–$/;

/** A table of this many columns is scrolled sideways on a narrow screen: a word a line could not be read. */
const WIDE_FROM = 5;
const COLUMN_PX = 110;

/** A plain table that keeps its head and cells readable on narrow screens; a figure is never broken over two lines. */
export function Table({ head, rows }: { head: string[]; rows: Array<{ key: string; cells: React.ReactNode[] }> }) {
  const theme = useTheme2();
  const [frame, frameWidth] = useMeasure();
  const leastWidth = head.length < WIDE_FROM ? 0 : head.length * COLUMN_PX;
  const isScrolled = frameWidth > 0 && frameWidth < leastWidth;
  const cell = {
    padding: '6px 10px 6px 0',
    verticalAlign: 'top',
    borderBottom: `1px solid ${theme.colors.border.weak}`,
    overflowWrap: 'anywhere',
  } as const;
  const table = (
    <table style={{ width: '100%', minWidth: leastWidth }}>
      <thead>
        <tr>
          {head.map((text) => (
            <th
              key={text}
              scope="col"
              style={{
                ...cell,
                textAlign: 'left',
                color: theme.colors.text.secondary,
                fontWeight: 500,
                whiteSpace: 'nowrap',
              }}
            >
              {text}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {rows.map(({ key, cells }) => (
          <tr key={key}>
            {cells.map((content, column) => (
              <td
                key={column}
                style={
                  typeof content === 'number' || (typeof content === 'string' && NUMBER.test(content))
                    ? { ...cell, whiteSpace: 'nowrap', fontVariantNumeric: 'tabular-nums' }
                    : { ...cell, minWidth: 84 }
                }
              >
                {content}
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
  return (
    // Whoever has no mouse scrolls it by the arrow keys, where it has to be scrolled.
    <div
      ref={frame}
      style={{ overflowX: 'auto' }}
      {...(isScrolled ? { tabIndex: 0, role: 'group', 'aria-label': head.join(', ') } : {})}
    >
      {table}
    </div>
  );
}
