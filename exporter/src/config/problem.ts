/** One thing wrong with the configuration, with what is needed to fix it. */
export interface ConfigProblem {
  /** Path of the file, or `environment` for a variable. */
  readonly file: string;
  /** 1-based; null when the problem has no place in a file. */
  readonly line: number | null;
  readonly column: number | null;
  /** Dotted path of the key (`models.0.url`) or the variable's name; empty for the file as a whole. */
  readonly key: string;
  readonly message: string;
  /** What to write instead. */
  readonly remedy: string;
}

/** One line per problem: `file:line:column: key message. Remedy.` */
export function describeProblem(problem: ConfigProblem): string {
  const place = [problem.file, problem.line, problem.column].filter((part) => part !== null).join(':');
  const key = problem.key === '' ? '' : `\`${problem.key}\` `;
  const remedy = problem.remedy.charAt(0).toUpperCase() + problem.remedy.slice(1);
  return `${place}: ${key}${problem.message}. ${remedy}${remedy.endsWith('?') ? '' : '.'}`;
}

/** A problem with the path of the value it is about. */
export interface PlacedProblem {
  readonly path: readonly (string | number)[];
  readonly message: string;
  readonly remedy: string;
}
