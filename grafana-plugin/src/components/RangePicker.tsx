import React from 'react';
import { dateTime, type RawTimeRange, type TimeRange } from '@grafana/data';
import { t } from '@grafana/i18n';
import { Button, Stack, TimeRangePicker } from '@grafana/ui';

/** Grafana's picker for the range of a page; `onChoose(null)` goes back to the page's own. */
export function RangePicker({
  range,
  isChosen,
  onChoose,
}: {
  range: TimeRange;
  isChosen: boolean;
  onChoose: (raw: RawTimeRange | null) => void;
}) {
  const [from, to] = [range.from.valueOf(), range.to.valueOf()];
  const half = (to - from) / 2;
  const between = (fromMs: number, toMs: number) =>
    onChoose({ from: dateTime(Math.round(fromMs)), to: dateTime(Math.round(toMs)) });
  return (
    <Stack gap={1} alignItems="center">
      <TimeRangePicker
        value={range}
        isOnCanvas
        onChange={({ raw }) => onChoose(raw)}
        onChangeTimeZone={() => undefined}
        onMoveBackward={() => between(from - half, to - half)}
        onMoveForward={() => between(from + half, to + half)}
        onZoom={() => between(from - half, to + half)}
      />
      {isChosen && (
        <Button variant="secondary" fill="text" size="sm" onClick={() => onChoose(null)}>
          {t('range.reset', 'Reset')}
        </Button>
      )}
    </Stack>
  );
}
