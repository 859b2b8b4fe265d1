import type { Clock, HttpClient, Logger, Store } from '../../domain/ports.js';
import type { CheckpointSigner } from './checkpoint.js';
import { openCheckpoint } from './checkpoint.js';
import { MerkleTree } from './merkle.js';
import { verifyAudit } from './verify.js';

/** Where checkpoints go besides the log of the process. */
export interface Anchors {
  /** Receives `{"type":"mlfi.audit.checkpoint","note":…}`; null = none. */
  readonly webhook: string | null;
  /** Grafana's annotation interface and a service account's token; null = none. */
  readonly grafana: { readonly url: string; readonly token: { reveal(): string } } | null;
}

export interface CheckpointingPorts {
  readonly store: Pick<Store, 'audit' | 'governance'>;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly http: HttpClient;
  readonly signer: CheckpointSigner;
  readonly anchors: () => Anchors;
  /** The newest note, kept in a file beside the database, so that a restored backup is noticed. */
  readonly anchorFile: { read(): string | null; write(note: string): void };
}

export interface Checkpointing {
  readonly verifierKey: string;
  /** Signs the log as it stands and sends the note out of the database. @returns null when nothing was added since the last one */
  make(): Promise<string | null>;
  /** Whether the log is behind or beside the newest note kept outside; says how. */
  restored(): Promise<string | null>;
}

const PAGE = 1_000;
const TIMEOUT_MS = 10_000;
const LARGEST_ANSWER_BYTES = 65_536;

export function createCheckpointing(ports: CheckpointingPorts): Checkpointing {
  const { store, clock, logger, http, signer } = ports;
  const tree = new MerkleTree();
  let making: Promise<string | null> = Promise.resolve(null);

  const post = async (where: string, url: string, body: object, headers: Record<string, string>): Promise<void> => {
    const answer = await http.call({
      method: 'POST',
      url,
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
      timeoutMs: TIMEOUT_MS,
      maxResponseBytes: LARGEST_ANSWER_BYTES,
    });
    const trouble = answer.kind === 'failure' ? answer.failure.reason : answer.status >= 300 ? answer.status : null;
    if (trouble !== null) logger.warn({ where, trouble }, 'an audit checkpoint was not taken');
  };

  const send = async (size: number, note: string): Promise<void> => {
    logger.info({ audit_checkpoint: note, size }, 'audit checkpoint');
    ports.anchorFile.write(note);
    const { webhook, grafana } = ports.anchors();
    if (webhook !== null) await post('webhook', webhook, { type: 'mlfi.audit.checkpoint', size, note }, {});
    if (grafana !== null) {
      const annotation = { text: note, tags: ['mlfi', 'audit-checkpoint'], time: clock.now() };
      const headers = { authorization: `Bearer ${grafana.token.reveal()}` };
      await post('grafana', `${grafana.url}api/annotations`, annotation, headers);
    }
  };

  const makeNow = async (): Promise<string | null> => {
    for (;;) {
      const page = await store.audit.read(tree.size + 1, PAGE);
      for (const { hash } of page) tree.add(Buffer.from(hash, 'hex'));
      if (page.length < PAGE) break;
    }
    const newest = (await store.audit.checkpoints(1))[0];
    if (tree.size === 0 || (newest !== undefined && newest.size >= tree.size)) return null;
    const note = signer.sign(tree.size, tree.root());
    await store.audit.saveCheckpoint({ size: tree.size, atMs: clock.now(), note });
    await send(tree.size, note);
    return note;
  };

  return {
    verifierKey: signer.verifierKey,
    make() {
      making = making.catch(() => null).then(makeNow);
      return making;
    },
    async restored() {
      const note = ports.anchorFile.read();
      if (note === null) return null;
      let checkpoint;
      try {
        checkpoint = openCheckpoint(note, signer.verifierKey);
      } catch (error) {
        return error instanceof Error ? error.message : 'the newest checkpoint cannot be read';
      }
      const verdict = await verifyAudit((from, limit) => store.audit.read(from, limit), { checkpoints: [checkpoint] });
      return verdict.kind === 'intact' ? null : verdict.reason;
    },
  };
}
