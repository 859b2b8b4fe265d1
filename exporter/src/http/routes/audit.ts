import { json, numberQuery, text, type Route } from '../route.js';

const PAGE = 1_000;

export const auditRoutes: readonly Route[] = [
  {
    method: 'GET',
    path: '/api/v1/audit/checkpoints',
    scope: 'read',
    summary: 'Signed states of the log, newest first, and the key to check them with; hold them outside the database',
    async handle(context) {
      const { application } = context.ports;
      const checkpoints = await application.audit.checkpoints(numberQuery(context, 'limit', 100, 1, PAGE));
      return json({
        key: application.audit.checkpointKey,
        checkpoints: checkpoints.map(({ size, atMs, note }) => ({ size, at_ms: atMs, note })),
      });
    },
  },
  {
    method: 'POST',
    path: '/api/v1/audit/checkpoints',
    scope: 'operate',
    summary: 'Sign the log as it stands and send the checkpoint out',
    async handle({ ports }) {
      await ports.application.audit.makeCheckpoint();
      const [newest] = await ports.application.audit.checkpoints(1);
      return json({ key: ports.application.audit.checkpointKey, note: newest?.note ?? null });
    },
  },
  {
    method: 'GET',
    path: '/api/v1/audit',
    scope: 'read',
    summary: 'Audit entries; ?from=, ?limit=',
    async handle(context) {
      const entries = await context.ports.application.audit.entries(
        numberQuery(context, 'from', 1, 1, 2 ** 31),
        numberQuery(context, 'limit', 100, 1, PAGE),
      );
      return json({
        entries: entries.map(({ sequence, previousHash, hash, body }) => ({
          sequence,
          previous_hash: previousHash,
          hash,
          body: JSON.parse(Buffer.from(body).toString('utf8')) as unknown,
        })),
      });
    },
  },
  {
    method: 'GET',
    path: '/api/v1/audit/verify',
    scope: 'read',
    summary: 'Check the whole hash chain now',
    handle: async ({ ports }) => json(await ports.application.audit.verify()),
  },
  {
    method: 'GET',
    path: '/api/v1/audit/export',
    scope: 'read',
    summary: 'The whole log as JSON lines, for `mlfi audit verify --export`',
    async handle({ ports }) {
      const lines: string[] = [];
      for (let from = 1; ; from += PAGE) {
        const entries = await ports.application.audit.entries(from, PAGE);
        lines.push(...entries.map(ports.auditExportLine));
        if (entries.length < PAGE) break;
      }
      return text(lines.join(''), 'application/x-ndjson', 'audit.ndjson');
    },
  },
];
