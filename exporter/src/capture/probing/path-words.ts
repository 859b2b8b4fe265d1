/** What models are asked for, by the words that paths have for it. */
const PREDICTION = new Set(
  (
    'predict predicts prediction predictions infer infers inference inferences classify classification classifications classifier ' +
    'score scores scoring analyze analyse analysis generate generation invocations invocation invoke embed embeds embedding embeddings ' +
    'detect detection detections forecast forecasts estimate estimates rank rerank recommend recommendations summarize summarise ' +
    'translate transcribe segment tag ner moderate moderation complete completion completions explain'
  ).split(' '),
);

/** What makes, changes, removes or sends something. */
const ACTION = new Set(
  (
    'delete deletes deletion purge reset resets retrain retraining train training trainer finetune tune fit remove removal cancel ' +
    'update updates upsert order orders invoice invoices feedback create creates write writes save insert add append register ' +
    'unregister upload import export send notify pay payments charge refund refunds buy purchase bookings checkout transfer ' +
    'start stop restart shutdown reload load unload deploy undeploy rollback promote publish approve reject execute exec drop ' +
    'truncate clear flush wipe erase destroy kill terminate disable enable activate deactivate login logout signup webhook webhooks ' +
    'trigger schedule edit patch rename migrate backup restore subscribe unsubscribe admin'
  ).split(' '),
);

/** What follows `/v2/models/` and the like is what somebody calls a model, whatever it says. */
const NAMES_OF_MODELS =
  /\/v[12]\/models\/[^/:]+|\/(?:serving-)?endpoints\/[^/]+(?=\/invocations\/?$)|\/seldon\/[^/]+\/[^/]+/g;

/** `Predict_v2`, `predictProba` and `m:predict` are of words; `predictability` is one word, and another. */
function wordsOf(segment: string): readonly string[] {
  return segment
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^\p{L}]+/u);
}

function segmentsOf(path: string): readonly string[] {
  let plain: string;
  try {
    plain = decodeURIComponent(path);
  } catch {
    plain = path;
  }
  return plain
    .replace(NAMES_OF_MODELS, '')
    .split('/')
    .filter((segment) => segment !== '');
}

/** Whether a word of a path says that something is made, changed, removed or sent there (`/orders`, `/models/retrain`): the word, or null. */
export function actionIn(path: string): string | null {
  return (
    segmentsOf(path)
      .flatMap(wordsOf)
      .find((word) => ACTION.has(word)) ?? null
  );
}

/** Whether the end of a path names a prediction, and nothing in it an action: what such an address is asked with is only looked at. */
export function isNamedLikePrediction(path: string): boolean {
  const end = segmentsOf(path).at(-1);
  return end !== undefined && wordsOf(end).some((word) => PREDICTION.has(word)) && actionIn(path) === null;
}

const MOST_ASKED = 3;

/** Of the operations of a server those named like a prediction, for it may offer `/retrain` or `/orders` too; a lone one unless it is such. */
export function askedAmong<T extends { readonly path: string }>(operations: readonly T[]): readonly T[] {
  const likely = operations.filter(({ path }) => isNamedLikePrediction(path));
  if (likely.length > 0 || operations.length > 1) return likely.slice(0, MOST_ASKED);
  return operations.filter(({ path }) => actionIn(path) === null);
}
