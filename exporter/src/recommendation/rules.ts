import { quotedNames } from '../domain/quantity-text.js';
import type { CauseId } from '../domain/cause.js';
import { ACCESS_RULES } from './access-rules.js';
import { first, investigate, restart, rollback, type Rule, type RuleSubject } from './rule.js';

const names = (features: readonly string[]): string =>
  features.length === 0 ? 'the affected features' : quotedNames(features, 5);
const scaleOut: Rule = {
  action: 'scale-out',
  title: (subject) => `Scale out ${subject.context.modelName}`,
  why: () => 'A server that is asked more than it can answer responds late, or not at all.',
  steps: () => [
    'Compare the request rate with that of the baseline period.',
    'Add replicas, or raise CPU and memory limits if the server was throttled.',
  ],
  expectedEffect: 'Latency and error share fall back to the baseline.',
  risk: 'Costs money; no effect if a dependency is the bottleneck.',
};
const fixPipeline = (title: (subject: RuleSubject) => string, ...steps: readonly string[]): Rule => ({
  action: 'fix-pipeline',
  title,
  why: first,
  steps: () => steps,
  expectedEffect: 'The feature is distributed as in the baseline again; answers follow.',
  risk: 'Low. Rows scored meanwhile stay wrong and may need scoring again.',
});
const retrain = (why: string): Rule => ({
  action: 'retrain',
  title: (subject) => `Retrain ${subject.context.modelName} on recent data`,
  why: () => why,
  steps: (subject) => [
    `Train on data that includes the time since the change${subject.features.length === 0 ? '' : `, with ${names(subject.features)} as they are now`}.`,
    'Compare on a held-out part of the recent data and on the golden inputs before release.',
  ],
  expectedEffect: 'Accuracy and confidence on recent data return to the old level.',
  risk: 'A model trained on faulty data learns the fault: rule out a pipeline error first.',
});
const rebaseline = (why: string): Rule => ({
  action: 'rebaseline',
  title: (subject) => `Accept the present behaviour of ${subject.context.modelName} as the new normal`,
  why: () => why,
  steps: () => [
    'Only if somebody who knows the business confirms that the change is wanted.',
    'mlfi then learns a new baseline version; the old one is kept.',
  ],
  expectedEffect: 'The findings end because the comparison does.',
  risk: 'A real fault would be learnt as normal.',
});
const recalibrate: Rule = {
  action: 'recalibrate',
  title: (subject) => `Recalibrate the confidence of ${subject.context.modelName}`,
  why: () => 'Where predictions are right as often as before, only the stated confidence no longer fits.',
  steps: () => [
    'Fit isotonic or Platt scaling on recent labelled answers.',
    'Check the calibration error on a held-out part.',
  ],
  expectedEffect: 'Confidence says again how often answers are right.',
  risk: 'Thresholds tuned to the old confidence need another look.',
};
const collectLabels: Rule = {
  action: 'collect-labels',
  title: () => 'Get labels for a sample of recent answers',
  why: () => 'Without labels nobody knows whether answers got worse or only different.',
  steps: () => [
    'Have 100–300 recent answers labelled, drawn at random.',
    'Send them with their prediction ids to /api/v1/models/{id}/labels.',
  ],
  expectedEffect: 'Accuracy is known, and with it whether to retrain.',
  risk: 'No risk; it takes somebody’s time.',
};

/** What to do about a server that answers each call with an error, most promising first. */
export const EACH_CALL_FAILS: readonly Rule[] = [
  restart,
  investigate(
    'Read the server’s errors',
    'Look in its log at the time of the first failing call.',
    'Look for a deployment, a missing file or dependency, and memory limits at that time.',
  ),
  rollback('If it began with a release, the version before it is known to work.'),
];

/** Cause → actions, most promising first. */
export const RULES: Readonly<Record<CauseId, readonly Rule[]>> = {
  'model-unreachable': [
    restart,
    investigate(
      'Find out why the endpoint cannot be reached',
      'Call it by hand from where mlfi runs: name resolution, port, certificate, timeout.',
      'Look for a deployment, a network policy or an expired certificate at the time of the first failure.',
    ),
    rollback('If it went down with a release, the version before it is known to answer.'),
  ],
  'endpoint-errors': [
    investigate(
      'Read the server’s errors at the times of the failing calls',
      'Compare failing and answered calls: size, content, replica.',
      'Look for restarts and memory limits at those times.',
    ),
    scaleOut,
    rollback('If the errors began with a release, the version before it is known to work.'),
  ],
  ...ACCESS_RULES,
  'slow-endpoint': [
    scaleOut,
    investigate(
      'Find where the time goes',
      'Compare the time inside the model with the time in front of it (queue, network, feature lookup).',
    ),
  ],
  'model-changed': [
    rollback('The model, or how it is served, is another than the one that was compared with.'),
    investigate(
      'Find out what was deployed',
      'Compare the serving configuration and artefact with those of the baseline period: version, quantisation, threshold, preprocessing.',
    ),
    rebaseline('If the new answers are the wanted ones, they should be what is compared with.'),
  ],
  'unstable-model': [
    investigate(
      'Find the randomness in the model or its serving',
      'Ask the same input several times on one replica, then across replicas: different versions behind one address look like this.',
      'Look for dropout left on, sampling, or an unseeded ensemble.',
    ),
    rollback('An earlier version that repeated its answers is safer than one that does not.'),
  ],
  'underconfident-model': [
    retrain('The model is unsure of nearly everything it is asked, so it has learnt little that fits these inputs.'),
    recalibrate,
    collectLabels,
  ],
  'input-drift': [
    investigate(
      'Ask the owner of the data what changed upstream',
      'Compare the source of the shifted features before and after the change.',
      'Decide whether the new inputs are meant to reach this model.',
    ),
    retrain('The model is the same and the inputs are not, so it works outside what it learnt.'),
    rebaseline('If the new inputs are here to stay and answers are fine, this is the new normal.'),
  ],
  'unit-change': [
    fixPipeline(
      (subject) => `Undo the change of unit or scale in ${names(subject.features)}`,
      'Find the producer that changed: schema, unit, currency, default, join.',
      'Convert back at the source, or invert the transformation in front of the model until then.',
      'Score again what was answered meanwhile.',
    ),
    rollback('If a release of the preprocessing brought it, going back is the fastest cure.'),
  ],
  'null-flood': [
    fixPipeline(
      (subject) => `Restore ${names(subject.features)} at the source`,
      'Look at the job or join that delivers the feature: late, failed, renamed column?',
      'Until then, refuse or flag the rows instead of filling in a default.',
    ),
    rollback('If a release of the pipeline brought it, going back is the fastest cure.'),
  ],
  'new-categories': [
    fixPipeline(
      (subject) => `Map the new categories of ${names(subject.features)} to those the model knows`,
      'Ask the producer whether categories were renamed or truly are new.',
      'Map renamed ones back in front of the model.',
    ),
    retrain('Categories that are truly new can only be learnt.'),
  ],
  'concept-drift': [
    retrain('Same inputs, same answers, and the answers are no longer right: the relation itself changed.'),
    investigate(
      'Find out what changed in the world',
      'Look at labelled errors by segment and by time: a price change, a new fraud pattern, another labelling rule?',
    ),
  ],
  'calibration-decay': [
    recalibrate,
    investigate(
      'Find what erodes confidence for the same inputs',
      'Look for a resource that runs down: cache, feature store freshness, numeric overflow, online learning.',
    ),
    rollback('If the decay began with a release, the version before it kept its confidence.'),
    collectLabels,
  ],
  'prediction-collapse': [
    rollback('One prediction whatever the input is as bad as none, and looks healthy to a load balancer.'),
    restart,
    investigate(
      'Find out why inputs no longer matter',
      'Look for a failed artefact load with a fallback answer, a cache keyed too coarsely, or a constant feature.',
    ),
  ],
  'traffic-mix-change': [
    investigate(
      'Ask who sends the new traffic',
      'A campaign, a new client or a lost one changes the mix without any fault.',
    ),
    rebaseline('If the mix is here to stay, this is the new normal.'),
  ],
  'overloaded-endpoint': [
    scaleOut,
    investigate(
      'Find what the server waits for when calls fail',
      'Compare the times of the failures with restarts, garbage collection, memory limits and batch jobs on the same machine.',
    ),
    restart,
  ],
  'answer-schema-changed': [
    rollback('The answers changed their form, so clients that read the old form fail or misread them.'),
    investigate(
      'Agree on the form of the answer with the model’s owner',
      'Compare one answer of today with one of the baseline period, field by field.',
    ),
  ],
  'threshold-moved': [
    rollback('The model scores as before; only its decision threshold moved.'),
    investigate(
      'Find who moved the decision threshold',
      'Look at the serving configuration: threshold, class weights, post-processing rules.',
    ),
    rebaseline('If the new threshold is wanted, the new answers should be what is compared with.'),
  ],
  'default-values': [
    fixPipeline(
      (subject) => `Restore ${names(subject.features)} at the source; a default fills in for it`,
      'Find the step that replaces missing values, and what has gone missing before it.',
      'Score again what was answered meanwhile.',
    ),
    rollback('If a release of the pipeline brought it, going back is the fastest cure.'),
  ],
  'category-rename': [
    fixPipeline(
      (subject) => `Map the renamed categories of ${names(subject.features)} back`,
      'Ask the producer for the new names and since when.',
      'Map them to the old ones in front of the model.',
    ),
    retrain('If the new names stay, the model should learn them.'),
  ],
  'stale-feature': [
    fixPipeline(
      (subject) => `Get ${names(subject.features)} moving again`,
      'Look at the job that refreshes the feature: when did it last write?',
      'Refuse rows with a stale feature until then.',
    ),
  ],
  'join-loss': [
    fixPipeline(
      (subject) => `Fix the join that delivers ${names(subject.features)}`,
      'Find the one source or key these features have in common.',
      'Until then, refuse or flag the rows instead of filling in defaults.',
    ),
    rollback('If a release of the pipeline brought it, going back is the fastest cure.'),
  ],
  'swapped-columns': [
    fixPipeline(
      (subject) => `Put the columns ${names(subject.features)} back in order`,
      'Look for a change of column order in a file, a query or a client.',
      'Pass features by name, not by position.',
      'Score again what was answered meanwhile.',
    ),
  ],
  'precision-loss': [
    fixPipeline(
      (subject) => `Deliver ${names(subject.features)} at full precision again`,
      'Look for a narrower column type, a rounding step or a cap that came with a release.',
    ),
  ],
  'rows-refused': [
    investigate(
      'Find out what the sender writes now',
      'Read “errors” in the response to its last batch: each names a field, its first row and what would be right.',
      'Compare with the sender’s last release, and with docs/sending-logs.md.',
      'Rows that were refused count nowhere: send them again, corrected, under new batch ids.',
    ),
  ],
  'feature-leak': [
    fixPipeline(
      (subject) => `Stop the answer from leaking into ${names(subject.features)}`,
      'Find out when the feature is computed: before or after the outcome is known?',
      'Do not trust accuracy measured since then.',
    ),
  ],
  'segment-outage': [
    investigate(
      'Find out what this group of requests has in common on its way',
      'Look for one client, region, shard or feature flag behind the group named in the report.',
      'Ask whether they were switched off on purpose.',
    ),
    rollback('If the outage began with a release, the version before it served the group.'),
  ],
  'segment-concept-drift': [
    retrain('For one group the answers are no longer right while its inputs are the same.'),
    investigate(
      'Find out what changed for this group',
      'Ask those who know it: a price, a rule, a product, a new way of labelling?',
    ),
  ],
  'labels-wrong': [
    investigate(
      'Compare some recent labels with what really happened',
      'Look at what changed in the job that delivers labels: an encoding, the order of classes, a flag that was negated.',
      'Send the right labels; mlfi judges by those that come from then on.',
      'Keep these labels away from training until then. If they are right after all, the world has changed: retrain.',
    ),
    collectLabels,
  ],
  'label-delay': [
    investigate(
      'Find out why labels come late',
      'Look at the job that delivers labels and at the source it waits for.',
      'Until they come, accuracy is estimated from confidence only.',
    ),
  ],
  'seasonal-pattern': [
    investigate(
      'Nothing needs doing if this is the usual pattern of the hour',
      'Compare with the same hours of other days before acting on the drift.',
    ),
  ],
  unknown: [
    investigate('Look at the findings by hand', 'No known cause fits; the report lists each finding with its numbers.'),
    collectLabels,
  ],
  none: [
    investigate('Look at the findings by hand', 'No known cause fits; the report lists each finding with its numbers.'),
    collectLabels,
  ],
};
