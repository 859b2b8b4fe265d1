import React, { useMemo } from 'react';
import { useQuery } from '@tanstack/react-query';
import { dateTime, rangeUtil } from '@grafana/data';
import { t } from '@grafana/i18n';
import { useTheme2 } from '@grafana/ui';
import { aggregatesQuery, distributionsQuery } from '../api/models';
import type { Incident, ModelDetail } from '../api/types';
import { percent, titled } from '../components/format';
import { drawingOf, fullWindows, type Measure } from '../components/measures';
import { LiveFigures } from '../components/LiveFigures';
import { OverTime } from '../components/OverTime';
import { QueryView } from '../components/States';
import { SignalHistogram } from '../model/SignalHistogram';
import { parseAggregates } from '../model/histogram';
import { goldenCounts, pictureKindOf, signalOf, type PictureKind } from './picture-kind';

/** Shown before the change, and after the end. */
const BEFORE_MS = 60 * 60_000;
const AFTER_MS = 15 * 60_000;
const HEIGHT = 170;

/** One horizontal bar in parts, with a legend below it. */
function PartsBar({ parts }: { parts: Array<{ name: string; count: number; colour: string }> }) {
  const all = parts.reduce((sum, { count }) => sum + count, 0);
  return (
    <>
      <div aria-hidden style={{ display: 'flex', height: 28, borderRadius: 4, overflow: 'hidden', margin: '8px 0' }}>
        {parts.map(({ name, count, colour }) => (
          <div key={name} style={{ width: `${(100 * count) / Math.max(1, all)}%`, background: colour }} />
        ))}
      </div>
      <ul style={{ listStyle: 'none', display: 'flex', gap: 16, flexWrap: 'wrap' }}>
        {parts.map(({ name, count, colour }) => (
          <li key={name}>
            <span
              aria-hidden
              style={{ display: 'inline-block', width: 10, height: 10, marginRight: 6, background: colour }}
            />
            {name}: <strong>{count}</strong>
          </li>
        ))}
      </ul>
    </>
  );
}

function Golden({ model }: { model: ModelDetail }) {
  const theme = useTheme2();
  const { same, moved, changed } = goldenCounts(model.golden_inputs);
  const colour = (name: string) => theme.visualization.getColorByName(name);
  return same + moved + changed === 0 ? (
    <p>{t('picture.no-golden', 'No golden input was answered both before and now.')}</p>
  ) : (
    <div>
      <strong>{t('picture.golden', 'Same questions asked again')}</strong>
      <PartsBar
        parts={[
          { name: t('picture.changed', 'another answer'), count: changed, colour: colour('red') },
          { name: t('picture.moved', 'another confidence'), count: moved, colour: colour('orange') },
          { name: t('picture.same', 'same answer'), count: same, colour: colour('green') },
        ]}
      />
    </div>
  );
}

/** The worst segments as bars: how the measure was and is inside them. */
function Segments({ segments }: { segments: Incident['diagnosis']['segments'] }) {
  const theme = useTheme2();
  return segments.length === 0 ? null : (
    <div>
      <strong>{t('picture.segments', 'Where it happens')}</strong>
      <ul style={{ listStyle: 'none' }}>
        {segments.slice(0, 3).map(({ predicate, measure, before, now, contribution }) => (
          <li key={predicate} style={{ margin: '8px 0' }}>
            <div style={{ overflowWrap: 'anywhere' }}>
              <code>{predicate}</code> – {titled(measure)} {percent(before)} → <strong>{percent(now)}</strong>
            </div>
            <div
              title={percent(contribution)}
              style={{
                height: 8,
                borderRadius: 4,
                width: `${100 * Math.min(1, Math.max(0.02, contribution))}%`,
                background: theme.visualization.getColorByName('orange'),
              }}
            />
            <small>
              {t('picture.contribution', '{{share}} of the whole change', { share: percent(contribution) })}
            </small>
          </li>
        ))}
      </ul>
    </div>
  );
}

function Beside({ kind, incident, model }: { kind: PictureKind; incident: Incident; model: ModelDetail | undefined }) {
  const isOpen = incident.closed_at_ms === null;
  const needsSignal = !['golden', 'segments', 'none'].includes(kind.beside);
  const distributions = useQuery({ ...distributionsQuery(incident.model_id), enabled: needsSignal && isOpen });
  if (kind.beside === 'golden') {
    return model === undefined || !isOpen ? null : <Golden model={model} />;
  }
  if (kind.beside === 'segments') {
    return <Segments segments={incident.diagnosis.segments} />;
  }
  const signal = signalOf(kind, incident.diagnosis.causes[0], distributions.data ?? []);
  return signal === undefined ? null : <SignalHistogram distribution={signal} height={HEIGHT} />;
}

/** The first figure of those wanted that the stored windows hold. */
function firstDrawn(csv: string, measures: Measure[]): Measure[] {
  const aggregates = fullWindows(parseAggregates(csv));
  const found = measures.find((measure) => drawingOf(aggregates, measure) !== null);
  return found === undefined ? [] : [found];
}

/** What shows the cause at a glance: the figure it broke, over time, beside what it was before and is now. */
export function Picture({
  incident,
  model,
  sinceMs,
  isEstimated,
}: {
  incident: Incident;
  model: ModelDetail | undefined;
  sinceMs: number;
  /** Since then something is estimated to have changed; else it was only seen then. */
  isEstimated: boolean;
}) {
  const { model_id, closed_at_ms } = incident;
  const kind = pictureKindOf(incident.diagnosis.causes[0]);
  const range = rangeUtil.convertRawToRange({
    from: dateTime(sinceMs - BEFORE_MS),
    to: closed_at_ms === null ? 'now' : dateTime(closed_at_ms + AFTER_MS),
  });
  const query = useQuery(
    aggregatesQuery(
      model_id,
      { fromMs: range.from.valueOf(), toMs: range.to.valueOf() },
      `picture-${sinceMs}-${closed_at_ms}`
    )
  );
  const marks = useMemo(() => {
    const name = isEstimated ? t('picture.change', 'change') : t('picture.first-seen', 'first seen');
    return [{ atMs: sinceMs, name }];
  }, [sinceMs, isEstimated]);
  const beside = <Beside kind={kind} incident={incident} model={model} />;
  return (
    <div
      data-testid="mlfi-picture"
      style={{ display: 'grid', gridTemplateColumns: 'repeat(auto-fit, minmax(min(220px, 100%), 1fr))', gap: 16 }}
    >
      <QueryView query={query} rows={4}>
        {(csv) => (
          <OverTime
            data={csv}
            measures={firstDrawn(csv, kind.measures)}
            height={HEIGHT}
            marks={marks}
            shadedFromMs={sinceMs}
            shadedToMs={closed_at_ms}
            otherwise={
              model === undefined ? undefined : (
                <LiveFigures
                  model={model}
                  measures={kind.measures}
                  height={HEIGHT}
                  marks={marks}
                  shadedFromMs={sinceMs}
                />
              )
            }
          />
        )}
      </QueryView>
      {beside}
    </div>
  );
}
