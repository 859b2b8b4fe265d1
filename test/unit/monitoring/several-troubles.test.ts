import { expect, it } from 'vitest';
import { setupProblem, type SetupKind, type SetupProblem } from '../../../exporter/src/domain/setup-problem.js';
import { SeveralTroubles } from '../../../exporter/src/monitoring/several-troubles.js';

const problem = (kind: SetupKind): SetupProblem => setupProblem(kind, `It is ${kind}.`);
const told = (...kinds: readonly SetupKind[]): readonly SetupProblem[] => {
  const troubles = new SeveralTroubles();
  return kinds.map((kind) => troubles.add(problem(kind)));
};

it('a trouble after another is told by itself: one thing was mended, or the server started', () => {
  const kinds: SetupKind[] = ['connection-refused', 'connection-refused', 'not-ready', 'not-ready', 'credentials'];
  expect(told(...kinds)).toEqual(kinds.map(problem));
});

it('that calls fail in different ways is told as that, and stays told', () => {
  const all = told(
    'credentials',
    'not-found',
    'server-error',
    'credentials',
    'connection-refused',
    'moved',
    'credentials',
  );
  const sentence =
    'The calls fail in different ways: It is credentials; It is not-found; It is server-error; It is connection-refused.';
  expect(all.slice(-3).map((one) => one.sentence)).toEqual([sentence, sentence, sentence]);
  expect(all.at(-1)?.kind).toBe('credentials');
  expect(all.at(-1)?.advice).toMatch(/^Find out what answers/);
});

it('until it is the same for some time', () => {
  const all = told('credentials', 'moved', 'credentials', 'moved', ...new Array<SetupKind>(6).fill('moved'));
  expect([all[4]?.sentence.includes('different'), all.at(-1)]).toEqual([true, problem('moved')]);
});
