import type { SetupProblem } from '../domain/setup-problem.js';

/** Newest tries that are looked at, and how often what is wrong changes among them for it to differ from call to call. */
const TRIES = 6;
const FEWEST_CHANGES = 3;
const MOST_TOLD = 4;
const LONGEST_TOLD = 100;

const ADVICE =
  'Find out what answers at this address: several servers behind a proxy, or one that is starting, fail in different ways.';

/** What was wrong at the tries before the first answer: one thing, also another than before, or another at each of them. */
export class SeveralTroubles {
  private newest: readonly SetupProblem[] = [];
  /** The first of each kind, in the order in which they came, so that what is told stays. */
  private kinds: readonly SetupProblem[] = [];
  private isTold = false;

  /** Takes what was wrong at one more try. @returns what is told of it: that alone, or that it differs */
  add(problem: SetupProblem): SetupProblem {
    this.newest = [...this.newest, problem].slice(-TRIES);
    const changes = this.newest.filter(({ kind }, i) => i > 0 && kind !== this.newest[i - 1]?.kind).length;
    const isOne = this.newest.every(({ kind }) => kind === problem.kind);
    if (isOne) this.kinds = [];
    if (this.kinds.length < MOST_TOLD && this.kinds.every(({ kind }) => kind !== problem.kind))
      this.kinds = [...this.kinds, problem];
    if (changes < FEWEST_CHANGES && !(this.isTold && !isOne)) {
      this.isTold = false;
      return problem;
    }
    this.isTold = true;
    const said = this.kinds.map(({ sentence }) => clipped(sentence.replace(/\.$/, '')));
    const [{ kind } = problem] = this.kinds;
    return { kind, sentence: `The calls fail in different ways: ${said.join('; ')}.`, advice: ADVICE };
  }
}

const clipped = (text: string): string => (text.length <= LONGEST_TOLD ? text : `${text.slice(0, LONGEST_TOLD - 1)}…`);
