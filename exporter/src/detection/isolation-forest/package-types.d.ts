/** The package ships no types; these cover what `forest.ts` walks. */
declare module 'ml-isolation-forest' {
  export interface IsolationTreeNode {
    readonly splitColumn?: number;
    readonly splitValue?: number;
    readonly left?: IsolationTreeNode;
    readonly right?: IsolationTreeNode;
    readonly trainingSet?: readonly unknown[];
  }
  export class IsolationForest {
    constructor(options?: { nEstimators?: number });
    train(rows: readonly (readonly number[])[]): void;
    readonly forest: readonly IsolationTreeNode[];
  }
}
