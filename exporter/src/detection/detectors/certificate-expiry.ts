import { counted } from '../../domain/quantity-text.js';
import { found, nothing, windowOf, type Detector } from '../detection-input.js';

const DAY_MS = 86_400_000;
const LATEST_NOTICE_MS = 14 * DAY_MS;
/** Share of its lifetime that is left when a certificate should long have been renewed: ACME clients do at a third. */
const SHARE_LEFT = 0.15;

/** The certificate of the model's server ends soon: within two weeks, or sooner where it does not live long. */
export const certificateExpiry: Detector = {
  id: 'certificate-expiry',
  detect(input) {
    const { certificate, nowMs } = input;
    if (certificate === null) return nothing;
    const { validFromMs, validToMs } = certificate;
    const leftMs = validToMs - nowMs;
    const noticeMs = Math.min(LATEST_NOTICE_MS, SHARE_LEFT * (validToMs - validFromMs));
    if (leftMs > noticeMs) return nothing;
    const on = new Date(validToMs).toISOString().slice(0, 16).replace('T', ' ');
    const sentence =
      leftMs <= 0
        ? `The certificate of the server ended on ${on} UTC.`
        : `The certificate of the server ends in ${leftText(leftMs)}, on ${on} UTC.`;
    return found({
      detector: 'certificate-expiry',
      subject: 'certificate',
      kind: 'service',
      direction: 'down',
      statistic: { name: 'certificate_seconds_left', value: leftMs / 1_000 },
      threshold: noticeMs / 1_000,
      pValue: null,
      effect: { measure: 'seconds', value: leftMs / 1_000, interval: null },
      statistics: [],
      before: null,
      now: leftMs / 1_000,
      window: windowOf(input),
      baselineSamples: null,
      sentence,
    });
  },
};

const leftText = (leftMs: number): string =>
  leftMs >= 2 * DAY_MS
    ? counted(Math.floor(leftMs / DAY_MS), 'day')
    : leftMs >= 7_200_000
      ? counted(Math.floor(leftMs / 3_600_000), 'hour')
      : counted(Math.max(1, Math.round(leftMs / 60_000)), 'minute');
