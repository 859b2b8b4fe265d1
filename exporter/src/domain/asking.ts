/** A value that is said openly, or the name of a secret that holds it. */
export type AskedValue = { readonly value: string } | { readonly secret: string };

/** Where in a response things are, as JSON pointers (RFC 6901). What is not given is looked for. */
export interface AnswerPointers {
  readonly prediction?: string;
  readonly confidence?: string;
  /** A list of class names, in the order of the probabilities that `confidence` points to. */
  readonly classes?: string;
}

/** How the connection to a model is secured; files are read when it is asked. */
export interface AskingTls {
  /** Certificate authorities to trust instead of the usual ones, PEM. */
  readonly caFile?: string;
  /** The certificate mlfi shows, and its key, PEM. */
  readonly certFile?: string;
  readonly keyFile?: string;
  /** Any certificate is taken. Told wherever the model is shown. */
  readonly insecureSkipVerify?: boolean;
}

/** How a model is asked besides where: whatever a server wants to be given. Secrets by name, never by value. */
export interface Asking {
  readonly headers?: Readonly<Record<string, AskedValue>>;
  /** Parameters added to the address of every call, e.g. an API key. */
  readonly query?: Readonly<Record<string, AskedValue>>;
  readonly method?: 'POST' | 'PUT';
  readonly pointers?: AnswerPointers;
  readonly tls?: AskingTls;
}
