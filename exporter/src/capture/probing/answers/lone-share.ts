import type { JsonObject } from '../../../domain/json.js';
import { at, located, NOTHING, share, type Found } from './found.js';

/** Says which call, which model or when, not what the model thinks. */
const IDENTIFIES =
  /^((task|job|request|req|event|run|call|message|trace|prediction|inference|correlation|operation|execution|batch|model|user)?(id|uuid|guid)|model|modelname|modelversion|version|status|state|message|time|timestamp|createdat|date|unit|currency|lang|language|device|host|url|success|ok|cached)$/;

/** Whether a field of this name identifies a call, a model or a time; the name without case and separators. */
export const identifies = (name: string): boolean => IDENTIFIES.test(name);

/** Says who may call, how the service is, or what it is; beside a confidence some are answers (`count`). */
const TELLS_OF_SERVICE =
  /^((access|refresh|id|auth|bearer|csrf)?token|jwt|session(id)?|apikey|secret|password|key|expires(in)?|(order|customer|account|transaction|document)id|uptime|deleted|inserted|updated|count|total|swagger|openapi|health|healthy)$/;

/** Whether a field of this name, where there is no other, is no answer; the name without case and separators. */
export const tellsOfCall = (name: string): boolean => identifies(name) || TELLS_OF_SERVICE.test(name);

/**
 * The class under a name of its own beside a confidence (`{"sentiment": "good", "confidence": 0.9}`): the one text or boolean
 * that identifies nothing, or else the one integer; null where there are several.
 */
export function besideConfidence(
  value: JsonObject,
  path: string,
  isOther: (key: string) => boolean,
): Found['prediction'] {
  const fields = Object.entries(value).filter(([key]) => isOther(key));
  const classes = fields.filter(([, item]) => typeof item === 'string' || typeof item === 'boolean');
  const [found, ...others] = classes.length > 0 ? classes : fields.filter(([, item]) => Number.isInteger(item));
  return found === undefined || others.length > 0 ? null : located(found[1], at(path, found[0]));
}

/** May be the answer where nothing else is, e.g. beside features or figures of the call. */
const LIKE_ONE =
  /^(predicted\w*|classification|decision|verdict|cluster|clusterid|topintent|(is)?anomaly|(is)?outlier)$/;

/**
 * The one field whose name tells of an answer without being the usual one (`predicted_price`, `decision`); null where there are
 * several. A flag (`anomaly`) may stand beside an answer that says how sure it is.
 */
export function namedLikeOne(
  value: JsonObject,
  path: string,
  plain: (name: string) => string,
  mayBeFlag: boolean,
): Found['prediction'] {
  const [found, ...others] = Object.entries(value).filter(
    ([key, item]) =>
      LIKE_ONE.test(plain(key)) &&
      !/prob/.test(plain(key)) &&
      located(item, '') !== null &&
      (mayBeFlag || typeof item !== 'boolean'),
  );
  return found === undefined || others.length > 0 ? null : located(found[1], at(path, found[0]));
}

const SHARE_OF_ONE = /^(.+?)[_ .-]?(?:probability|proba|prob|confidence)$/i;

/** The one class that has a share of its own name beside it (`{"churn": true, "churn_probability": 0.8}`, `is_churn`); nothing where there are several. */
export function besideItsShare(value: JsonObject, path: string): Found {
  const keys = new Map(Object.keys(value).map((key) => [key.toLowerCase(), key]));
  const pairs = [...keys].flatMap(([lower, of]) => {
    const name = SHARE_OF_ONE.exec(lower)?.[1] ?? '';
    const item = keys.get(name) ?? keys.get(`is_${name}`) ?? keys.get(`is${name}`);
    return item === undefined ? [] : [{ item, of }];
  });
  const [{ item, of } = { item: '', of: '' }, ...others] = pairs;
  const [said, number] = [value[item], value[of]];
  const isClass = typeof said === 'string' || typeof said === 'boolean' || Number.isInteger(said);
  if (others.length > 0 || !isClass || typeof number !== 'number') return NOTHING;
  const prediction = located(said, at(path, item));
  return { ...NOTHING, prediction, confidence: ofTheAnswer(prediction, share(number, at(path, of))) };
}

const NO = /^(0|0\.0|false|no)$/i;

/**
 * A lone probability beside an answer of yes or no is that of yes (scikit-learn, ML.NET, SageMaker): how sure the model is of a
 * no is the rest. Where it is that of the answer it is above one half already.
 */
export function ofTheAnswer(prediction: Found['prediction'], confidence: Found['confidence']): Found['confidence'] {
  if (prediction === null || confidence === null || confidence.value >= 0.5 || !NO.test(String(prediction.value)))
    return confidence;
  return { value: 1 - confidence.value, from: `${confidence.from} (of the other answer)` };
}
