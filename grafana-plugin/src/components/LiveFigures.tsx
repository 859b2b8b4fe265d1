import React, { useMemo } from 'react';
import { t } from '@grafana/i18n';
import { remembered } from '../api/live-figures';
import type { ModelDetail } from '../api/types';
import { drawingOf, ofLive, type Measure } from './measures';
import { OverTime } from './OverTime';

const MEASURES: Measure[] = ['confidence', 'failures', 'latency'];

/** What stands where stored figures would: those seen since somebody began to look, and what to do to get more. */
export function LiveFigures({
  model,
  measures = MEASURES,
  height,
}: {
  model: ModelDetail;
  measures?: Measure[];
  height?: number;
}) {
  const data = useMemo(() => ofLive(remembered(model.id)), [model]);
  const drawn = useMemo(() => measures.filter((measure) => drawingOf(data, measure) !== null), [data, measures]);
  const isDrawn = drawn.length > 0 && data.atMs.length > 1;
  return (
    <div>
      {isDrawn && <OverTime data={data} measures={measures === MEASURES ? drawn : drawn.slice(0, 1)} height={height} />}
      <small>
        {isDrawn
          ? t('live.what', 'Since you opened mlfi: figures are stored from the first baseline on.')
          : t(
              'live.none',
              'Figures appear here as they come in; they are stored from the first baseline on. Log predictions, or let mlfi ask more often, to get there sooner.'
            )}
      </small>
    </div>
  );
}
