import React, { memo, useMemo, useState } from 'react';
import { css } from '@emotion/css';
import { FieldType, type FieldSparkline, type GrafanaTheme2 } from '@grafana/data';
import { t } from '@grafana/i18n';
import { Badge, Button, Sparkline, TextLink, useStyles2, useTheme2 } from '@grafana/ui';
import { remembered } from '../api/live-figures';
import type { FleetModel } from '../api/types';
import {
  lasting,
  moment,
  relative,
  SEVERITY_COLOURS,
  SEVERITY_TEXTS,
  STATE_COLOURS,
  STATE_TEXTS,
} from '../components/format';
import { plain } from '../components/Words';
import { PAGES } from '../constants';
import { measureOf, trailOf, type TrailMeasure } from './trail';

/** One line a model whatever the width: what does not fit is cut with an ellipsis, and told in full on hover. */
const stylesOf = (theme: GrafanaTheme2) => ({
  frame: css({ containerType: 'inline-size' }),
  table: css({
    width: '100%',
    tableLayout: 'fixed',
    'th, td': {
      padding: theme.spacing(0.75, 1, 0.75, 0),
      borderBottom: `1px solid ${theme.colors.border.weak}`,
      whiteSpace: 'nowrap',
      overflow: 'hidden',
      textOverflow: 'ellipsis',
      textAlign: 'left',
      verticalAlign: 'middle',
    },
    th: { color: theme.colors.text.secondary, fontWeight: theme.typography.fontWeightMedium },
    'td a': { display: 'inline' },
  }),
  name: css({ width: '18%', minWidth: 120 }),
  state: css({ width: 104 }),
  since: css({ width: 96 }),
  trend: css({ width: 104, '@container (max-width: 760px)': { display: 'none' } }),
  samples: css({
    width: 92,
    fontVariantNumeric: 'tabular-nums',
    '@container (max-width: 960px)': { display: 'none' },
  }),
  seen: css({ width: 96, '@container (max-width: 640px)': { display: 'none' } }),
  trouble: css({ '@container (max-width: 480px)': { whiteSpace: 'normal' } }),
  hiddenWhenNarrow: css({ '@container (max-width: 480px)': { display: 'none' } }),
});

const MEASURES: Record<TrailMeasure, () => string> = {
  confidence: () => t('fleet.trail-confidence', 'confidence'),
  failures: () => t('fleet.trail-failures', 'failed calls'),
  latency: () => t('fleet.trail-latency', 'latency'),
};

/** The last minutes of the figure that shows what is wrong; drawn anew with every answer, which is when it has moved. */
function TrailLine({ model }: { model: FleetModel }) {
  const theme = useTheme2();
  const measure = measureOf(model);
  const sparkline = useMemo((): FieldSparkline | null => {
    const values = trailOf(remembered(model.id), measure);
    const most = measure === 'latency' ? Math.max(...values, 0) * 1.1 || 1 : 1;
    return values.length < 2
      ? null
      : {
          y: {
            name: measure,
            type: FieldType.number,
            config: { custom: { lineWidth: 1, fillOpacity: 10 } },
            values,
            state: { range: { min: 0, max: most, delta: most } },
          },
        };
  }, [model, measure]);
  return sparkline === null ? null : (
    <div aria-hidden title={MEASURES[measure]()}>
      <Sparkline width={92} height={22} sparkline={sparkline} theme={theme} />
    </div>
  );
}

/** What is wrong, without the name that stands in the first column. */
function headlineOf({ headline, name }: Pick<FleetModel, 'headline' | 'name'>): string {
  const text = headline ?? t('fleet.incident', 'Open incident');
  return plain(text.startsWith(`${name}: `) ? text.slice(name.length + 2) : text);
}

/** What to tell of a model that has no incident: how far learning is. */
function quietText({ baseline, state }: FleetModel): string {
  if (state !== 'learning' || baseline.state !== 'learning') {
    return '';
  }
  const { samples, required_samples } = baseline;
  return required_samples !== null && samples !== null
    ? t('fleet.learning', 'Learning what is normal: {{share}} %', {
        share: Math.min(100, Math.round((100 * samples) / required_samples)),
      })
    : t('fleet.learning-on', 'Learning what is normal');
}

/** When a prediction or a probe of the model was seen last. */
export const lastSeenMs = ({
  last_probe_at_ms,
  last_prediction_at_ms,
}: Pick<FleetModel, 'last_probe_at_ms' | 'last_prediction_at_ms'>): number | null =>
  last_probe_at_ms === null && last_prediction_at_ms === null
    ? null
    : Math.max(last_probe_at_ms ?? 0, last_prediction_at_ms ?? 0);

const Row = memo(function Row({
  model,
  showsSince,
  unfold = null,
}: {
  model: FleetModel;
  showsSince: boolean;
  /** What shows the others of the same story. */
  unfold?: React.ReactNode;
}) {
  const styles = useStyles2(stylesOf);
  const { id, name, state, severity, incident_id, since_ms, total_samples } = model;
  const seenMs = lastSeenMs(model);
  const headline = headlineOf(model);
  return (
    <tr>
      <td title={name}>
        <TextLink href={PAGES.model(id)}>{name}</TextLink>
      </td>
      <td>
        {incident_id === null ? (
          <Badge text={STATE_TEXTS[state]()} color={STATE_COLOURS[state]} />
        ) : (
          <Badge text={SEVERITY_TEXTS[severity]()} color={SEVERITY_COLOURS[severity]} tooltip={STATE_TEXTS[state]()} />
        )}
      </td>
      {showsSince && (
        <td className={styles.hiddenWhenNarrow} title={since_ms === null ? undefined : moment(since_ms)}>
          {lasting(since_ms)}
        </td>
      )}
      <td className={styles.trouble} title={incident_id === null ? undefined : headline}>
        {unfold}
        {incident_id === null ? (
          quietText(model)
        ) : (
          <TextLink href={PAGES.incident(incident_id)} color="primary">
            {headline.split('. ')[0]}
          </TextLink>
        )}
      </td>
      <td className={styles.trend}>
        <TrailLine model={model} />
      </td>
      <td className={styles.samples}>{total_samples.toLocaleString('en-US')}</td>
      <td className={styles.seen} title={seenMs === null ? undefined : moment(seenMs)}>
        {relative(seenMs)}
      </td>
    </tr>
  );
});

/** One line for the models of a story: the worst of them, and the others once it is unfolded. */
function Line({ models: [first, ...others], showsSince }: { models: FleetModel[]; showsSince: boolean }) {
  const [isOpen, setOpen] = useState(false);
  if (first === undefined) {
    return null;
  }
  const unfold =
    others.length === 0 ? null : (
      <Button
        variant="secondary"
        fill="text"
        size="sm"
        icon={isOpen ? 'angle-down' : 'angle-right'}
        aria-expanded={isOpen}
        onClick={() => setOpen(!isOpen)}
      >
        {t('fleet.story', '{{count}} models, one fault', { count: others.length + 1 })}
      </Button>
    );
  return (
    <>
      <Row model={first} showsSince={showsSince} unfold={unfold} />
      {isOpen && others.map((model) => <Row key={model.id} model={model} showsSince={showsSince} />)}
    </>
  );
}

/** One line per model or story, in the order given. */
export function FleetTable({ lines }: { lines: FleetModel[][] }) {
  const styles = useStyles2(stylesOf);
  const showsSince = lines.some((models) => models.some(({ since_ms }) => since_ms !== null));
  return (
    <div className={styles.frame}>
      <table className={styles.table}>
        <thead>
          <tr>
            <th scope="col" className={styles.name}>
              {t('fleet.model', 'Model')}
            </th>
            <th scope="col" className={styles.state}>
              {t('fleet.state', 'State')}
            </th>
            {showsSince && (
              <th scope="col" className={`${styles.since} ${styles.hiddenWhenNarrow}`}>
                {t('fleet.since', 'Duration')}
              </th>
            )}
            <th scope="col">{t('fleet.trouble', 'What is wrong')}</th>
            <th scope="col" className={styles.trend}>
              {t('fleet.trend', 'Trend')}
            </th>
            <th scope="col" className={styles.samples}>
              {t('fleet.samples', 'Samples')}
            </th>
            <th scope="col" className={styles.seen}>
              {t('fleet.seen', 'Last seen')}
            </th>
          </tr>
        </thead>
        <tbody>
          {lines.map((models) => (
            <Line key={models[0]?.story_id ?? models[0]?.id} models={models} showsSince={showsSince} />
          ))}
        </tbody>
      </table>
    </div>
  );
}
