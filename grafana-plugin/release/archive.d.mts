export declare function filesOf(folder: string): string[];
export declare function archiveOf(folder: string, root: string): Uint8Array;
export declare function digestOf(algorithm: string, bytes: Uint8Array): string;
