import { modelOf } from '../../fixtures/model.js';
import { describe, expect, it } from 'vitest';
import { createVerdictBoard, EXPECTATIONS, verdictOn, type Expectation } from '../../../exporter/demo/expectations.js';
import { incidentBlock, liveHeader, liveLine, printable, redraw, wrapped } from '../../../exporter/demo/render.js';
import { plainScreen, terminalScreen, widthOf } from '../../../exporter/demo/screen.js';
import { textModels } from '../../../exporter/demo/models/index.js';
import { IMMEDIATE_DECAY } from '../../../exporter/demo/models/drifting.js';
import { DriftMonitor } from '../../../exporter/src/detection/sequential/drift-monitor.js';
import { DEFAULT_FALSE_PAGE_BUDGET } from '../../../exporter/src/domain/alert-evidence.js';
import type { ModelStatus } from '../../../exporter/src/domain/model-status.js';
import type { Cause, CauseId } from '../../../exporter/src/domain/cause.js';
import { incidentId, modelId } from '../../../exporter/src/domain/identifiers.js';
import type { Incident } from '../../../exporter/src/domain/incident.js';
import type { Proposal } from '../../../exporter/src/domain/recommendation.js';
import type { Severity } from '../../../exporter/src/domain/severity.js';
import { createWindowBuilder, emptyWindow } from '../../../exporter/src/statistics/window-profile.js';

const cause = (id: CauseId, probability: number, features: readonly string[] = []): Cause => ({
  id,
  title: `Title of ${id}`,
  logOdds: 0,
  probability,
  supporting: [],
  refuting: [],
  features,
  segments: [],
  shareExplained: null,
});

function incident(model: string, severity: Severity, causes: readonly Cause[]): Incident {
  return {
    id: incidentId('incident-1'),
    modelId: modelId(model),
    openedAtMs: 0,
    closedAtMs: null,
    severity,
    diagnosis: {
      modelId: modelId(model),
      atMs: 0,
      window: { fromMs: 0, toMs: 1, samples: 100 },
      severity,
      severityReason: 'because',
      causes,
      findings: [],
      features: [],
      segments: [],
      decomposition: null,
      attributions: [],
      experiment: null,
      changes: [],
      unexplained: null,
      blindSpots: [],
    },
    explanation: { headline: 'The headline says it.', paragraphs: ['First paragraph.', 'Second paragraph.'] },
    timeline: [],
    fingerprint: {},
  };
}

function status(model: string, over: Partial<ModelStatus> = {}): ModelStatus {
  return {
    model: modelOf({ id: modelId(model), name: model }),
    diagnosis: null,
    windowSamples: 100,
    totalSamples: 1_234,
    confidenceMean: 0.876,
    errorShare: 0.02,
    latencyP50Seconds: 0.0123,
    latencyP95Seconds: 0.05,
    recent: [],
    lastProbeAtMs: null,
    certificateEndsAtMs: null,
    lastPredictionAtMs: null,
    lastLoggedAtMs: null,
    unwrittenSinceMs: null,
    baseline: {
      version: 1,
      frozen: false,
      admittedAtMs: 0,
      profile: emptyWindow(),
      golden: [],
      bins: new Map(),
    },
    learning: null,
    window: createWindowBuilder().build(),
    running: { latency: null, confidence: null, binned: [] },
    findings: [],
    blindSpots: [],
    features: new Map(),
    incident: null,
    unalerted: null,
    setup: null,
    readFrom: null,
    evidence: new DriftMonitor('m', DEFAULT_FALSE_PAGE_BUDGET, String).evidence(),
    performance: {
      kind: 'unknown',
      reason: 'there is no baseline yet',
      realised: { accuracy: null, error: null, labelledShare: null },
    },
    patterns: [],
    rowAnomaly: { verdict: 'unknown', reason: 'no look has been taken yet' },
    goldenInputs: [],
    evaluatedAtMs: 1,
    evaluationSeconds: 0.001,
    totals: { calls: 0, failures: {}, probes: 0, probeFailures: {} },
    ...over,
  };
}

const expectationOf = (model: string): Expectation => {
  const found = EXPECTATIONS.find((expectation) => expectation.model === model);
  if (found === undefined) throw new Error(`no expectation for ${model}`);
  return found;
};

describe('expectations', () => {
  it('name every sample model once', () => {
    const names = [...textModels(IMMEDIATE_DECAY, 0).map(({ name }) => name), 'tabular'];
    expect(EXPECTATIONS.map(({ model }) => model).sort()).toEqual(names.sort());
  });

  it.each([
    ['the right cause and severity', 'critical', 'model-unreachable', 'reached'],
    ['the wrong severity', 'high', 'model-unreachable', 'open'],
    ['the wrong cause', 'critical', 'endpoint-errors', 'open'],
  ] as const)('%s', (_, severity, id, kind) => {
    const failing = status('broken', { incident: incident('broken', severity, [cause(id, 0.9)]) });
    expect(verdictOn(failing, expectationOf('broken'), 50).kind).toBe(kind);
  });

  it('want the feature named, not just the cause', () => {
    const at = (feature: string): string =>
      verdictOn(
        status('tabular', { incident: incident('tabular', 'high', [cause('unit-change', 0.9, [feature])]) }),
        expectationOf('tabular'),
        50,
      ).kind;
    expect(at('hours-per-week')).toBe('reached');
    expect(at('age')).toBe('open');
  });

  it('find a model healthy only with a baseline, a evaluated window, no incident and no harmful finding', () => {
    const verdict = (over: Partial<ModelStatus>): string =>
      verdictOn(status('healthy', over), expectationOf('healthy'), 50).kind;
    expect(verdict({})).toBe('reached');
    expect(verdict({ baseline: null })).toBe('open');
    expect(verdict({ evaluatedAtMs: null })).toBe('open');
    expect(verdict({ windowSamples: 49 })).toBe('open');
    expect(verdict({ incident: incident('healthy', 'low', [cause('none', 1)]) })).toBe('open');
  });

  it('are kept once reached for failing models, and must hold at the end for the healthy one', () => {
    const board = createVerdictBoard([expectationOf('broken'), expectationOf('healthy')], 50);
    expect(board.complete).toBe(false);
    expect(board.missing()).toEqual(['broken: not watched yet', 'healthy: not watched yet']);
    const broken = status('broken', { incident: incident('broken', 'critical', [cause('model-unreachable', 1)]) });
    board.update([broken, status('healthy')]);
    expect(board.complete).toBe(true);
    board.update([status('broken'), status('healthy', { incident: incident('healthy', 'low', [cause('none', 1)]) })]);
    expect(board.of('broken').kind).toBe('reached');
    expect(board.complete).toBe(false);
    expect(board.missing()).toEqual(['healthy: none, expected healthy']);
  });
});

it('verdicts that are open are given up by calls, not by the clock of a slow machine', () => {
  const board = createVerdictBoard([expectationOf('broken'), expectationOf('healthy')], 50);
  const learning = (totalSamples: number): ModelStatus => status('healthy', { baseline: null, totalSamples });
  const broken = status('broken', { incident: incident('broken', 'critical', [cause('model-unreachable', 1)]) });
  board.update([broken, learning(1_402)]);
  expect(board.isHopeless([broken, learning(1_402)], 2_500)).toBe(false);
  expect(board.isHopeless([broken, learning(2_500)], 2_500)).toBe(true);
  board.update([broken, status('healthy')]);
  expect(board.isHopeless([broken, status('healthy')], 0)).toBe(false);
});

describe('what the demo prints', () => {
  const ESCAPE = '\u001b';

  it('shows one model in one aligned line', () => {
    const line = liveLine(status('healthy'), { kind: 'reached', text: 'healthy' }, 100);
    expect(line).toBe('healthy          healthy           1234        0.88      2 %     12 ms  ✓ healthy');
    expect(liveHeader(100).indexOf('verdict')).toBe(line.indexOf('✓'));
    const unknown = liveLine(
      status('broken', { confidenceMean: null, latencyP50Seconds: null, errorShare: 1 }),
      {
        kind: 'open',
        text: 'learning',
      },
      100,
    );
    expect(unknown).toMatch(/–\s+100 %\s+–\s+… learning$/);
  });

  it('keeps the verdict in sight on 60 columns', () => {
    const line = liveLine(status('healthy'), { kind: 'open', text: 'null-flood' }, 60);
    expect(line).toBe('healthy               1234      2 %  … null-flood');
    expect(liveHeader(60).indexOf('verdict')).toBe(line.indexOf('…'));
  });

  it('says what an incident has become since its verdict was reached', () => {
    const now = status('drifting', { incident: incident('drifting', 'high', [cause('underconfident-model', 1)]) });
    expect(liveLine(now, { kind: 'reached', text: 'calibration-decay (high)' }, 100)).toMatch(
      /✓ calibration-decay \(high\), by now underconfident-model \(high\)$/,
    );
    expect(liveLine(now, { kind: 'reached', text: 'underconfident-model (high)' }, 100)).toMatch(
      /✓ underconfident-model \(high\)$/,
    );
  });

  it('tells an incident: severity, cause, reasons, runners-up, three recommendations, where to read on', () => {
    const proposal = (index: number): Proposal => ({
      action: 'investigate',
      cause: 'unit-change',
      title: `Do thing ${index}`,
      priority: 'HIGH',
      why: 'It helps.',
      steps: [],
      expectedEffect: '',
      risk: '',
      verificationText: '',
      verification: null,
      plan: null,
      trackRecord: null,
    });
    const causes = [
      cause('unit-change', 0.9),
      cause('input-drift', 0.08),
      cause('none', 0.015),
      cause('null-flood', 0.005),
    ];
    const lines = incidentBlock(
      incident('tabular', 'high', causes),
      [1, 2, 3, 4].map(proposal),
      'http://127.0.0.1:9899/api/v1/incidents/incident-1',
      80,
    );
    expect(lines).toEqual([
      '',
      '▲ HIGH  The headline says it.',
      '',
      '  First paragraph.',
      '',
      '  Second paragraph.',
      '',
      '  What to do:',
      '  1. [HIGH] Do thing 1',
      '     It helps.',
      '  2. [HIGH] Do thing 2',
      '     It helps.',
      '  3. [HIGH] Do thing 3',
      '     It helps.',
      '',
      '  More: http://127.0.0.1:9899/api/v1/incidents/incident-1',
      '',
    ]);
  });

  it('lets no control character of a model through to the terminal', () => {
    const hostile = `evil${ESCAPE}[2J\u0007\r\nname\u009b31m`;
    expect(printable(hostile)).toBe('evil [2J name 31m');
    expect(printable('x'.repeat(50), 10)).toBe(`${'x'.repeat(9)}…`);
    const block = incidentBlock(
      {
        ...incident('tabular', 'high', [{ ...cause('unit-change', 1), title: hostile }]),
        explanation: { headline: hostile, paragraphs: [hostile] },
      },
      [],
      'http://127.0.0.1:1',
      80,
    );
    expect(block.join('')).not.toContain(ESCAPE);
  });

  it('wraps at spaces and never loses a word', () => {
    const text = 'one two three four five six seven incomprehensibilities eight';
    const lines = wrapped(text, 20, '  ');
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(Math.max(20, '  incomprehensibilities'.length));
    expect(lines.map((line) => line.trim()).join(' ')).toBe(text);
    expect(wrapped('', 20, '')).toEqual([]);
    expect(wrapped('it is over 99 %), almost', 13, '')).toEqual(['it is over', '99 %), almost']);
  });
});

describe('the screen', () => {
  const recorder = (): { text: string; write(text: string): void } => {
    const record = { text: '', write: (text: string): void => void (record.text += text) };
    return record;
  };

  it('takes back exactly the live block on a terminal and cuts lines that would wrap', () => {
    expect(redraw(0, ['a'], ['live'], 80)).toBe('a\nlive\n');
    expect(redraw(3, ['a'], ['live'], 80)).toBe('\u001b[3A\u001b[0Ja\nlive\n');
    expect(redraw(0, [], ['x'.repeat(100)], 20)).toBe(`${'x'.repeat(18)}…\n`);
    const output = recorder();
    const screen = terminalScreen(output);
    screen.show('H', ['one', 'two'], 0);
    screen.print(['news']);
    screen.show('H', ['three'], 1);
    expect(output.text).toBe('\nH\none\ntwo\n\u001b[4A\u001b[0Jnews\n\nH\none\ntwo\n\u001b[4A\u001b[0J\nH\nthree\n');
  });

  it('writes no control sequences to a pipe, and the table only when it changed, not too often', () => {
    const output = recorder();
    const screen = plainScreen(output, 1_000);
    screen.show('H', ['one'], 0);
    screen.show('H', ['two'], 500);
    screen.show('H', ['one'], 1_500);
    screen.show('H', ['two'], 2_000);
    screen.print(['news']);
    expect(output.text).toBe('\nH\none\n\nH\ntwo\nnews\n');
  });

  it('keeps to the terminal’s width within reason', () => {
    const write = (): void => undefined;
    expect(widthOf({ isTTY: true, columns: 300, write })).toBe(120);
    expect(widthOf({ isTTY: true, columns: 20, write })).toBe(60);
    expect(widthOf({ isTTY: true, columns: 90, write })).toBe(90);
    expect(widthOf({ columns: 40, write })).toBe(100);
  });
});
