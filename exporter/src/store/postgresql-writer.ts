import { randomUUID } from 'node:crypto';
import type { Knex } from 'knex';
import pg from 'pg';
import { inTime, StoreAway } from './border.js';
import { CONNECT_MS, SESSION_NAME } from './postgresql.js';

/** Beside the id of the schema, what every mlfi locks. */
const WRITER_LOCK = 7_305_612;
/** A process that was killed a moment ago may hold the lock until PostgreSQL has noticed. */
const WAITED_FOR_MS = 5_000;
const TRIED_EVERY_MS = 250;
/** Transactions of the owner before may be under way; one that stands still is ended by PostgreSQL (`IDLE_MS`). */
const CLAIMED_WITHIN_MS = 30_000;
/** How often the connection is asked whether it is there. */
const BEAT_MS = 500;
/** So many beats without an answer, and the database is away. A process that was busy for long counts one. */
const MISSED_BEATS = 5;
const ANSWER_MS = 3_000;

/** So that PostgreSQL notices within some 15 s when this host is gone: the lock is free then. Not each version has each. */
const SESSION = `
  select set_config(name, value, false)
  from (values ('tcp_keepalives_idle', '5'), ('tcp_keepalives_interval', '5'), ('tcp_keepalives_count', '2'),
    ('tcp_user_timeout', '15000'), ('idle_session_timeout', '0'), ('lock_timeout', '${CLAIMED_WITHIN_MS}')) as wanted (name, value)
  join pg_settings using (name)`;
const SCHEMA = `(select oid from pg_namespace where nspname = current_schema())`;
const HOLDER = `
  select l.pid, s.application_name as name, s.client_addr::text as address, s.backend_start::text as since
  from pg_locks l left join pg_stat_activity s on s.pid = l.pid
  where l.locktype = 'advisory' and l.granted and l.classid = ${WRITER_LOCK} and l.objsubid = 2 and l.objid = ${SCHEMA}
    and l.database = (select oid from pg_database where datname = current_database())`;

const OWN = 'select pid, backend_start::text as since from pg_stat_activity where pid = pg_backend_pid()';

const LOST = 'the connection that holds its writer lock is lost';
const NO_ANSWER = 'the database does not answer';
const REPLACED =
  'another mlfi has written it since, so that what this one remembers is out of date; see that only one runs, and start it again';

interface Holder {
  readonly pid: number;
  readonly name: string | null;
  readonly address: string | null;
  readonly since: string | null;
}

/** Another process writes the database. */
export class DatabaseInUse extends Error {}

/**
 * Lets one process at a time write a PostgreSQL database. An advisory lock, held by a connection of its own, keeps others out; a
 * row that each transaction compares sees to it that nothing is committed by whoever lost the lock to another and has not noticed.
 */
export class PostgresqlWriter {
  private readonly owner = randomUUID();
  private client: pg.Client | null = null;
  /** The connection that holds the lock, or held it last, as PostgreSQL knows it: its process ids come again. */
  private own: Pick<Holder, 'pid' | 'since'> = { pid: 0, since: null };
  private why: string | null = null;
  /** Whether another mlfi was seen to write the database since this one did. */
  isAnothers = false;
  private missedBeats = 0;
  private isOver = false;
  private regaining: Promise<void> | null = null;
  private timer: NodeJS.Timeout | undefined;

  private constructor(
    private readonly url: string,
    private readonly onLost: () => void,
  ) {}

  /**
   * Takes the lock.
   * @param onLost is told when the database is not there any more, or somebody ended the connection
   * @throws DatabaseInUse when another process keeps it; what pg throws when the database cannot be asked
   */
  static async lock(url: string, onLost: () => void = () => undefined): Promise<PostgresqlWriter> {
    const writer = new PostgresqlWriter(url, onLost);
    const client = await writer.connect();
    try {
      const until = performance.now() + WAITED_FOR_MS;
      for (;;) {
        const holder = await taken(client);
        if (holder === null) break;
        if (performance.now() > until) throw new DatabaseInUse(inUse(holder));
        await new Promise((resolve) => setTimeout(resolve, TRIED_EVERY_MS));
      }
      await writer.keep(client);
    } catch (error) {
      client.end().catch(() => undefined);
      throw error;
    }
    return writer;
  }

  /** Makes this process the one whose transactions are committed, once those of the owner before are over; from then on it watches. */
  async claim(): Promise<void> {
    const { client } = this;
    if (client === null) throw new StoreAway(this.refusal() ?? LOST);
    await client.query(
      'insert into writer (id, owner) values (1, $1) on conflict (id) do update set owner = excluded.owner',
      [this.owner],
    );
    this.timer = setInterval(() => this.beat(), BEAT_MS).unref();
  }

  /** Why nothing is written now, null when it may be. */
  refusal(): string | null {
    return this.why;
  }

  /** @throws StoreAway while it is known that the database answers nobody */
  expectAnswer(): void {
    if (this.why === NO_ANSWER) throw new StoreAway(`the store cannot be used: ${NO_ANSWER}`);
  }

  /** Holds the database for one transaction. @throws StoreAway when it is another's: nothing of the transaction may be committed */
  async hold(on: Knex.Transaction): Promise<void> {
    const { rows }: { rows: readonly unknown[] } = await on.raw('select 1 from writer where owner = ? for share', [
      this.owner,
    ]);
    if (rows.length > 0) return;
    this.replaced();
    throw new StoreAway(`the store cannot be used: ${REPLACED}`);
  }

  /** Takes the lock again where it was lost, unless another has it. Never throws: `refusal` says what became of it. */
  regain(): Promise<void> {
    if (this.client !== null || this.isOver) return Promise.resolve();
    this.regaining ??= this.tryAgain().finally(() => (this.regaining = null));
    return this.regaining;
  }

  /** Gives the lock back. */
  async release(): Promise<void> {
    clearInterval(this.timer);
    this.isOver = true;
    await this.regaining;
    const { client } = this;
    this.client = null;
    if (client !== null) await inTime(ANSWER_MS, client.end()).catch(() => undefined);
  }

  private beat(): void {
    const { client } = this;
    if (client === null) {
      void this.regain();
      return;
    }
    if (this.missedBeats > MISSED_BEATS) {
      this.lose(client, NO_ANSWER);
      return;
    }
    this.missedBeats += 1;
    if (this.missedBeats > 1) return;
    client.query('select 1').then(
      () => (this.missedBeats = 0),
      () => this.lose(client),
    );
  }

  private async tryAgain(): Promise<void> {
    const client = await this.connect().catch(() => null);
    if (client === null) {
      this.why = NO_ANSWER;
      return;
    }
    try {
      const holder = await taken(client);
      if (holder !== null && holder.pid === this.own.pid && holder.since === this.own.since) {
        // PostgreSQL has not noticed that nobody is there any more.
        this.why = LOST;
        await inTime(ANSWER_MS, client.query('select pg_terminate_backend($1)', [holder.pid]));
      } else if (holder !== null) {
        this.why = `${heldBy(holder)} has taken it over; see that only one runs`;
        this.isAnothers = true;
      } else if (await this.isOwner(client)) {
        await this.keep(client);
        this.missedBeats = 0;
        this.why = null;
        this.isAnothers = false;
      } else this.replaced();
    } catch {
      this.why = NO_ANSWER;
    } finally {
      if (this.client !== client) client.end().catch(() => undefined);
    }
  }

  private async keep(client: pg.Client): Promise<void> {
    const { rows } = await inTime(ANSWER_MS, client.query<Pick<Holder, 'pid' | 'since'>>(OWN));
    this.own = rows[0] ?? { pid: 0, since: null };
    this.client = client;
  }

  private async isOwner(client: pg.Client): Promise<boolean> {
    const { rows } = await inTime(ANSWER_MS, client.query('select 1 from writer where owner = $1', [this.owner]));
    return rows.length > 0;
  }

  private replaced(): void {
    this.isOver = true;
    this.isAnothers = true;
    this.why = REPLACED;
    this.client?.end().catch(() => undefined);
    this.client = null;
  }

  private lose(client: pg.Client, why = LOST): void {
    if (this.client !== client) return;
    this.client = null;
    this.why ??= why;
    client.end().catch(() => undefined);
    this.onLost();
  }

  private async connect(): Promise<pg.Client> {
    const client = new pg.Client({
      connectionString: this.url,
      application_name: SESSION_NAME,
      connectionTimeoutMillis: CONNECT_MS,
      keepAlive: true,
    });
    client.on('error', () => this.lose(client));
    client.on('end', () => this.lose(client));
    try {
      await client.connect();
      await inTime(ANSWER_MS, client.query(SESSION));
    } catch (error) {
      client.end().catch(() => undefined);
      throw error;
    }
    return client;
  }
}

/** Takes the lock. @returns null when it is taken, else who has it */
async function taken(client: pg.Client): Promise<Holder | null> {
  const { rows } = await inTime(
    ANSWER_MS,
    client.query<{ is_mine: boolean }>(`select pg_try_advisory_lock(${WRITER_LOCK}, ${SCHEMA}::int) as is_mine`),
  );
  if (rows[0]?.is_mine === true) return null;
  const found = await inTime(ANSWER_MS, client.query<Holder>(HOLDER));
  return found.rows[0] ?? { pid: 0, name: null, address: null, since: null };
}

function heldBy({ pid, name, address, since }: Holder): string {
  const told = [
    name === null || name === '' ? [] : [`"${name}"`],
    address === null ? [] : [`from ${address.replace(/\/\d+$/, '')}`],
    pid === 0 ? [] : [`PostgreSQL process ${pid}`],
    since === null ? [] : [`since ${since}`],
  ].flat();
  return `another mlfi${told.length === 0 ? '' : ` (${told.join(', ')})`}`;
}

const inUse = (holder: Holder): string =>
  `the PostgreSQL database is in use by ${heldBy(holder)}; stop it, or choose another database. One database has one mlfi.${
    holder.pid === 0 ? '' : ` If it is gone and PostgreSQL has not noticed: select pg_terminate_backend(${holder.pid})`
  }`;
