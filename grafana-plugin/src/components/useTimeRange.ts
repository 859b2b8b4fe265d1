import { useSearchParams } from 'react-router-dom';
import { dateTime, isDateTime, rangeUtil, type RawTimeRange, type TimeRange } from '@grafana/data';

const RELATIVE = /^now([-+]\d+[smhdwMy])?(\/[smhdwMy])?$/;

const ISO_8601 = /^\d{4}-\d\d-\d\dT[\d:.]+(Z|[-+]\d\d:?\d\d)$/;

/** One end of a time range as an address carries it: `now-6h`, milliseconds since 1970, or ISO 8601; null for anything else. */
function endOf(text: string | null): RawTimeRange['from'] | null {
  if (text === null || RELATIVE.test(text)) {
    return text;
  }
  const ms = /^\d{1,16}$/.test(text) ? Number(text) : ISO_8601.test(text) ? Date.parse(text) : NaN;
  return Number.isNaN(ms) ? null : dateTime(ms);
}

const textOf = (end: RawTimeRange['from']) => (isDateTime(end) ? String(end.valueOf()) : end);

/** The range as an address carries it. */
export const rangeParameters = ({ from, to }: RawTimeRange) => ({ from: textOf(from), to: textOf(to) });

/** The address with the range in it. */
export function withRange(path: string, raw: RawTimeRange | null): string {
  if (raw === null) {
    return path;
  }
  const [address, hash = ''] = path.split('#');
  return `${address}${address.includes('?') ? '&' : '?'}${new URLSearchParams(rangeParameters(raw))}${hash === '' ? '' : `#${hash}`}`;
}

/** What `from` and `to` of an address say; null when they do not say both, or not in order. */
export function rangeOf(parameters: URLSearchParams): TimeRange | null {
  const [from, to] = [endOf(parameters.get('from')), endOf(parameters.get('to'))];
  if (from === null || to === null) {
    return null;
  }
  const range = rangeUtil.convertRawToRange({ from, to });
  return range.from.isValid() && range.to.isValid() && range.from.valueOf() < range.to.valueOf() ? range : null;
}

/** The page's time range: that of its address, else the given one. `raw` is null while nobody chose. */
export function useTimeRange(otherwise: RawTimeRange): {
  range: TimeRange;
  raw: RawTimeRange | null;
  choose: (raw: RawTimeRange | null) => void;
} {
  const [parameters, setParameters] = useSearchParams();
  const chosen = rangeOf(parameters);
  const choose = (raw: RawTimeRange | null) =>
    setParameters((before) => {
      const after = new URLSearchParams(before);
      for (const [name, value] of Object.entries(raw === null ? { from: null, to: null } : rangeParameters(raw))) {
        if (value === null) {
          after.delete(name);
        } else {
          after.set(name, value);
        }
      }
      return after;
    });
  return { range: chosen ?? rangeUtil.convertRawToRange(otherwise), raw: chosen?.raw ?? null, choose };
}
