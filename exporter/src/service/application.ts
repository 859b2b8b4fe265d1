import { generatePayloads } from '../capture/probing/payloads/generate.js';
import { payloadLike } from '../capture/probing/payloads/mirror.js';
import { createApplication } from '../application/index.js';
import { requestedProposal } from '../application/requested-proposal.js';
import type { Application } from '../application/index.js';
import { investigator } from '../evaluation/evaluate-url.js';
import type { RowAnalysisPorts } from '../evaluation/row-analysis-schedule.js';
import { reportOf } from '../explanation/report/load.js';
import type { Checkpointing } from '../governance/audit/checkpointing.js';
import { verifyAudit } from '../governance/audit/verify.js';
import { newApiKeySecret } from '../http/identity/api-keys.js';
import { similarLessons } from '../incident-history/similarity.js';
import type { Fleet } from '../monitoring/fleet.js';
import { randomIds } from '../system/random-ids.js';
import { seededRandom } from '../system/seeded-random.js';
import { createModelValidations, type ModelValidations } from '../validation/run.js';
import { defaultSchedule, type Capture } from './capture.js';
import { wirePastFiles } from './fetched-files.js';
import type { Foundation } from './foundation.js';
import type { WiredGovernance } from './governance.js';
import { wireImports } from './imports.js';

/** The use cases, on top of what the other areas wired. */
export function wireApplication(
  foundation: Foundation,
  capture: Capture,
  { governance, incidents }: WiredGovernance,
  fleet: Fleet,
  checkpointing: Checkpointing,
  analyseRows: RowAnalysisPorts['analyseRows'],
): Application {
  const { started, config, store, clock, logger, events, audit, auditNote } = foundation;
  const investigationSettings = {
    experience: { thresholds: started.detection, ...started.governance },
    timeoutMs: started.investigation.timeoutMs,
    defaultSamples: started.investigation.samples,
  };
  return createApplication(
    {
      store,
      clock,
      logger,
      events,
      fleet,
      incidents,
      governance,
      proposalFor: (incident, asked) => requestedProposal(asked, incident, fleet, config.current().governance),
      discover: capture.discover,
      chooseGoldenInputs: capture.chooseGoldenInputs,
      audit,
      auditNote,
      verifyAudit: () => verifyAudit((from, limit) => store.audit.read(from, limit)),
      checkpointing,
      investigate: investigator(investigationOf(foundation, capture, fleet), investigationSettings),
      openReplay: wireImports(foundation, analyseRows),
      importHeard: (model, atMs) => foundation.processMetrics.importHeard(model, atMs),
      pastFiles: wirePastFiles(foundation),
      validations: wireValidations(foundation, capture, fleet),
      renderReport: (incident, format) => reportOf(store, similarLessons, incident, format, clock.now()),
      newApiKeySecret,
    },
    {
      schedule: defaultSchedule(started),
      criticalErrorShare: () => config.current().detection.criticalErrorShare,
      newModels: () => {
        const { newModels, mostModels } = config.current().intake;
        return { areMade: newModels, most: mostModels };
      },
    },
  );
}

const investigationOf = (
  { clock, hash, store }: Foundation,
  { prober, discover, chooseGoldenInputs }: Capture,
  fleet: Fleet,
): Parameters<typeof investigator>[0] => ({
  clock,
  hash,
  discover: (url, payloads) => discover({ url, authorizationSecret: null, ...(payloads === null ? {} : { payloads }) }),
  chooseGoldenInputs,
  cycle: (model) => prober.cycle(model),
  baselines: store.baselines,
  watchedModelAt(url) {
    const id = fleet.ids().find((each) => fleet.monitoredModel(each).model.endpoint?.url === url);
    return id === undefined ? null : fleet.summary(id).model;
  },
  lessons: () => fleet.knownLessons(),
});

function wireValidations(
  { clock, logger, store, hash, auditNote, closing }: Foundation,
  { prober, discover }: Capture,
  fleet: Fleet,
): ModelValidations {
  const validations = createModelValidations({
    clock,
    ids: randomIds,
    logger,
    validations: store.validations,
    hash,
    discover,
    ask: (model, payloads) => prober.askEach(model, payloads),
    payloadLike,
    generate: (examples, count) =>
      generatePayloads(examples, count, seededRandom(clock.now() % 2 ** 31)).map(({ payload }) => payload),
    subject(id) {
      const state = fleet.monitoredModel(id).stateWithWaiting();
      return { state, isRemoved: () => !fleet.isStill(state.model) };
    },
    flipShare: (id) => fleet.evaluation(id)?.symptoms.golden?.answerFlipShare ?? null,
    record: (validation, kind, by, fields) =>
      store.governance(async (transaction) => {
        await transaction.validations.save(validation);
        await auditNote(kind, by, fields)(transaction);
      }),
    finished: (validation) => fleet.takeValidation(validation),
  });
  closing.push('validations', () => validations.stop());
  return validations;
}
