import { percent } from '../../domain/quantity-text.js';
import type { RefusalReason } from '../../domain/ingest.js';
import { proportion } from '../../statistics/clopper-pearson.js';
import { found, nothing, windowOf, type Detector } from '../detection-input.js';

const FEWEST_ROWS = 20;
const MOST = 0.5;

/** Most of the rows sent lately were refused: what is left of them is not the model's traffic. */
export const refusedRows: Detector = {
  id: 'refused-rows',
  detect(input) {
    if (input.intake === null) return nothing;
    const { taken, refused, mostRefusedFor } = input.intake;
    const rows = taken + refused;
    if (rows < FEWEST_ROWS || refused <= MOST * rows) return nothing;
    const { share, interval } = proportion(refused, rows);
    const reason =
      mostRefusedFor === null ? 'They were refused for several reasons.' : `Most of them ${REASONS[mostRefusedFor]}.`;
    return found({
      detector: 'refused-rows',
      subject: 'traffic',
      kind: 'service',
      direction: 'up',
      statistic: { name: 'refused_share', value: share },
      threshold: MOST,
      pValue: null,
      effect: { measure: 'share', value: share, interval },
      statistics: [],
      before: null,
      now: share,
      window: windowOf(input),
      baselineSamples: null,
      sentence: `${percent(share)} of the last ${rows} rows sent were refused. ${reason}`,
    });
  },
};

/** As in “most of them …”. */
const REASONS: Readonly<Record<RefusalReason, string>> = {
  not_json: 'are not JSON',
  not_csv: 'do not fit the table',
  not_an_object: 'are no objects',
  unknown_field: 'have a field nobody knows',
  no_prediction: 'hold no prediction',
  unaligned: 'answer more or fewer inputs than were sent',
  unanswered: 'are requests whose response was not logged',
  bad_prediction: 'hold a prediction that cannot be read',
  bad_label: 'hold a label that cannot be read',
  bad_id: 'hold an id that cannot be read',
  imprecise_id: 'hold an id that has lost digits',
  bad_timestamp: 'hold a time that cannot be read',
  timestamp_in_future: 'lie in the future',
  timestamp_in_past: 'lie before the year 2000',
  bad_confidence: 'hold a confidence that is no share',
  bad_latency: 'hold a latency that is no duration',
  bad_features: 'hold features that cannot be read',
  bad_context: 'hold a context that cannot be read',
  bad_version: 'hold a version that cannot be read',
  nested_too_deep: 'are nested too deep',
  array_too_long: 'hold a list that is too long',
  too_many_rows: 'came in batches of too many rows',
  too_many_refused: 'followed too many refused ones',
  unspecified: 'were refused without a reason',
};
