import React, { useMemo } from 'react';
import { t } from '@grafana/i18n';
import { remembered } from '../api/live-figures';
import type { ModelDetail } from '../api/types';
import { drawingOf, ofLive, type Measure } from './measures';
import { OverTime } from './OverTime';
import type { Mark } from './Plot';

const MEASURES: Measure[] = ['confidence', 'failures', 'latency'];

/** What stands where stored figures would: those of the last evaluations, and what to do to get more. */
export function LiveFigures({
  model,
  measures = MEASURES,
  height,
  marks,
  shadedFromMs,
}: {
  model: ModelDetail;
  measures?: Measure[];
  height?: number;
  marks?: Mark[];
  shadedFromMs?: number | null;
}) {
  const data = useMemo(() => ofLive(remembered(model.id)), [model]);
  const drawn = useMemo(() => measures.filter((measure) => drawingOf(data, measure) !== null), [data, measures]);
  const isDrawn = drawn.length > 0 && data.atMs.length > 1;
  return (
    <div>
      {isDrawn && (
        <OverTime
          data={data}
          measures={measures === MEASURES ? drawn : drawn.slice(0, 1)}
          height={height}
          marks={marks}
          shadedFromMs={shadedFromMs}
        />
      )}
      <small>
        {isDrawn
          ? t('live.what', 'From the latest evaluations; history is stored once there is a baseline.')
          : t(
              'live.none',
              'No call has been evaluated yet. Log predictions, or let mlfi ask the model more often, and figures appear here.'
            )}
      </small>
    </div>
  );
}
