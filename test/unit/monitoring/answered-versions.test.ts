import { expect, it } from 'vitest';
import {
  followVersion,
  NO_VERSIONS,
  versionStep,
  withDeclared,
  type AnsweredVersions,
} from '../../../exporter/src/monitoring/answered-versions.js';
import { seededRandom } from '../../../exporter/src/system/seeded-random.js';

interface Told {
  readonly versions: AnsweredVersions;
  /** What was news, in order. */
  readonly news: readonly string[];
  /** Each version that came into service, in order. */
  readonly inService: readonly string[];
}

function told(answers: readonly string[], apartMs: number): Told {
  let versions = NO_VERSIONS;
  const news: string[] = [];
  const inService: string[] = [];
  for (const [i, version] of answers.entries()) {
    const followed = followVersion(versions, version, i * apartMs);
    ({ versions } = followed);
    if (followed.cameAfter !== null) news.push(`${followed.cameAfter} → ${version}`);
    const current = versions.served.at(-1) ?? '';
    if (inService.at(-1) !== current) inService.push(current);
  }
  return { versions, news, inService };
}

const many = (version: string, count: number): string[] => Array.from({ length: count }, () => version);

it('takes a new version over within seconds of its first answer, and knows the one before', () => {
  const { versions, news, inService } = told([...many('v1', 100), ...many('v2', 300)], 40);
  expect(inService).toEqual(['v1', 'v2']);
  expect(news).toEqual(['v1 → v2']);
  expect(versionStep(versions, 'v1')).toEqual({ from: 'v2', to: 'v1' });
});

it('would roll the newer version back before it has taken over, too', () => {
  const { versions, inService } = told([...many('v1', 100), ...many('v2', 2)], 40);
  expect(inService).toEqual(['v1']);
  expect(versionStep(versions, 'v1')).toEqual({ from: 'v2', to: 'v1' });
});

it.each([0.01, 0.1, 0.5, 0.9])('keeps one version in service while a canary gives %d of the answers', (share) => {
  const random = seededRandom(1);
  const answers = Array.from({ length: 50_000 }, () => (random.next() < share ? 'v2' : 'v1'));
  const { inService, news, versions } = told([...many('v1', 50), ...answers], 40);
  expect(inService).toEqual(['v1']);
  expect(news).toEqual(['v1 → v2']);
  expect(versionStep(versions, 'v1')).toEqual({ from: 'v2', to: 'v1' });
});

it('takes a canary over once it gives all answers', () => {
  const mixed = Array.from({ length: 2_000 }, (_, i) => (i % 2 === 0 ? 'v1' : 'v2'));
  const { inService, news } = told([...many('v1', 50), ...mixed, ...many('v2', 2_000)], 40);
  expect(inService).toEqual(['v1', 'v2']);
  expect(news).toEqual(['v1 → v2']);
});

it('takes two senders in turns for versions that answer at once', () => {
  const turns = Array.from({ length: 1_000 }, (_, i) => (Math.floor(i / 50) % 2 === 0 ? 'v1' : 'v2'));
  expect(told(turns, 40).inService).toEqual(['v1']);
});

it('sees a rollback as news, and what was in service before that', () => {
  const { inService, news, versions } = told(
    [...many('v0', 50), ...many('v1', 500), ...many('v2', 500), ...many('v1', 2_000)],
    40,
  );
  expect(inService).toEqual(['v0', 'v1', 'v2', 'v1']);
  expect(news).toEqual(['v0 → v1', 'v1 → v2', 'v2 → v1']);
  expect(versionStep(versions, 'v1')).toEqual({ from: 'v1', to: 'v0' });
});

it('takes one asked once a minute over with its third answer', () => {
  expect(told([...many('v1', 10), ...many('v2', 2)], 60_000).inService).toEqual(['v1']);
  expect(told([...many('v1', 10), ...many('v2', 3)], 60_000).inService).toEqual(['v1', 'v2']);
});

it('goes by what was declared where no answer names a version', () => {
  const declared = withDeclared(withDeclared(NO_VERSIONS, 'a', 'b'), 'b', 'c');
  expect(versionStep(declared, 'c')).toEqual({ from: 'c', to: 'b' });
  expect(versionStep(withDeclared(declared, 'c', 'b'), 'b')).toEqual({ from: 'b', to: 'a' });
  expect(versionStep(NO_VERSIONS, 'a')).toEqual({ from: 'a', to: null });
});
