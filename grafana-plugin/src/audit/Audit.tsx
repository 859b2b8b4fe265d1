import React, { useMemo, useState } from 'react';
import { t } from '@grafana/i18n';
import { Alert, Button, EmptyState, FilterInput, LinkButton, Stack } from '@grafana/ui';
import { useQuery } from '@tanstack/react-query';
import { auditQuery, checkpointsQuery, makeCheckpoint, verifyAudit } from '../api/audit';
import { downloadUrl } from '../api/downloads';
import type { AuditEntry, AuditVerdict } from '../api/types';
import { moment, relative, titled } from '../components/format';
import { GuardedButton } from '../components/GuardedButton';
import { Page } from '../components/Page';
import { Section, Table } from '../components/Section';
import { FailureNotice, QueryView } from '../components/States';
import { useAction } from '../components/useAction';
import { useRights } from '../components/useRights';

const SHOWN = 100;

const field = (body: AuditEntry['body'], ...names: string[]) => {
  const found = names.map((name) => body[name]).find((value) => value !== undefined && value !== null);
  return typeof found === 'object' && found !== null && 'name' in found
    ? String(found.name)
    : typeof found === 'object'
      ? JSON.stringify(found)
      : found === undefined
        ? '–'
        : String(found);
};

/** What an entry is about, in one line. */
function aboutOf(body: AuditEntry['body']): string {
  if (body.kind === 'state' && typeof body.to === 'string') {
    const why = typeof body.reason === 'string' && body.reason !== '' ? `: ${body.reason}` : '';
    return `${String(body.from)} → ${body.to}${why}`;
  }
  if (body.kind === 'proposed' && typeof body.action === 'string') {
    return `${titled(body.action)}: ${String(body.model)}`;
  }
  const about = field(body, 'reason', 'finding', 'title', 'detail', 'model', 'recommendation', 'modelId');
  return about === '' ? t('audit.entry', 'the whole entry') : about;
}

/** Signed states of the log: with one kept elsewhere, a log that was rewritten is found out. */
function CheckpointList({ refusal }: { refusal: string | null }) {
  const checkpoints = useQuery(checkpointsQuery());
  const { busy, failure, run } = useAction();
  return (
    <Section
      title={t('audit.checkpoints', 'Checkpoints')}
      actions={
        <GuardedButton
          size="sm"
          variant="secondary"
          icon="lock"
          disabled={busy !== null}
          refusal={refusal}
          onClick={() => run('checkpoint', makeCheckpoint)}
        >
          {t('audit.sign', 'Sign the log now')}
        </GuardedButton>
      }
    >
      {failure !== null && <FailureNotice failure={failure} />}
      <QueryView query={checkpoints} rows={2}>
        {({ key, checkpoints: [newest, ...older] }) => (
          <>
            <p style={{ overflowWrap: 'anywhere' }}>
              {t('audit.key', 'Signed with')}{' '}
              <code style={{ whiteSpace: 'normal', overflowWrap: 'anywhere' }}>{key}</code>
            </p>
            {newest === undefined ? (
              <p>
                {t('audit.no-checkpoint', 'The log has not been signed yet. Store checkpoints outside the database.')}
              </p>
            ) : (
              <>
                <p>
                  {t('audit.newest', 'Newest: {{count}} entries, {{when}}', {
                    count: newest.size,
                    when: moment(newest.at_ms),
                    interpolation: { escapeValue: false },
                  })}
                  {older.length > 0
                    ? ` (${t('audit.older', 'before it: {{list}}', { list: older.map(({ size, at_ms }) => `${size} ${relative(at_ms)}`).join(', '), interpolation: { escapeValue: false } })})`
                    : ''}
                </p>
                <details>
                  <summary>{t('audit.note', 'The signed note, to keep elsewhere')}</summary>
                  <pre style={{ whiteSpace: 'pre-wrap', overflowWrap: 'anywhere' }}>{newest.note}</pre>
                </details>
              </>
            )}
          </>
        )}
      </QueryView>
    </Section>
  );
}

/** Everything that was decided and done, in a chain of hashes that shows when a line was changed. */
function Audit() {
  const log = useQuery(auditQuery());
  const [search, setSearch] = useState('');
  const [shown, setShown] = useState(SHOWN);
  const [verdict, setVerdict] = useState<AuditVerdict | null>(null);
  const { operateRefusal } = useRights();
  const { busy, failure, run } = useAction();
  const verify = () => run('verify', async () => setVerdict(await verifyAudit()));
  const found = useMemo(
    () =>
      (log.data ?? [])
        .filter(({ body }) => JSON.stringify(body).toLowerCase().includes(search.toLowerCase()))
        .reverse(),
    [log.data, search]
  );
  return (
    <Page
      subTitle={t('audit.subtitle', 'Every decision and what came of it, in a hash chain')}
      actions={
        <Stack gap={1}>
          <Button icon="shield" disabled={busy !== null} onClick={verify}>
            {busy !== null ? t('audit.verifying', 'Verifying…') : t('audit.verify', 'Verify now')}
          </Button>
          <LinkButton variant="secondary" icon="download-alt" href={downloadUrl.audit()} target="_blank">
            {t('audit.export', 'Export')}
          </LinkButton>
        </Stack>
      }
    >
      {failure !== null && <FailureNotice failure={failure} onRetry={verify} />}
      {verdict?.kind === 'intact' && (
        <Alert severity="success" title={t('audit.intact', 'Intact: {{count}} entries', { count: verdict.entries })}>
          {t(
            'audit.head',
            'Hash of the newest entry: {{hash}}. Keep it elsewhere: with it, `mlfi audit verify --head` finds out whether the end of the log was cut off.',
            { hash: verdict.head_hash }
          )}
        </Alert>
      )}
      {verdict?.kind === 'broken' && (
        <Alert
          severity="error"
          title={t('audit.broken', 'Broken at entry {{sequence}}', { sequence: verdict.at_sequence })}
        >
          {verdict.reason}
        </Alert>
      )}
      <CheckpointList refusal={operateRefusal} />
      <QueryView query={log}>
        {(entries) =>
          entries.length === 0 ? (
            <EmptyState variant="completed" message={t('audit.empty', 'Nothing has been decided yet')} />
          ) : (
            <Section
              title={t('audit.entries', '{{shown}} of {{count}} entries', {
                shown: found.length,
                count: entries.length,
              })}
              actions={
                <FilterInput
                  placeholder={t('audit.search', 'Search the log')}
                  aria-label={t('audit.search', 'Search the log')}
                  value={search}
                  onChange={setSearch}
                  escapeRegex={false}
                />
              }
            >
              <Table
                head={[
                  '#',
                  t('audit.when', 'When'),
                  t('audit.what', 'What'),
                  t('audit.who', 'Who'),
                  t('audit.details', 'Details'),
                  t('audit.hash', 'Hash'),
                ]}
                rows={found.slice(0, shown).map(({ sequence, hash, body }) => {
                  const atMs = Number(body.atMs ?? body.at_ms ?? body.at);
                  return {
                    key: String(sequence),
                    cells: [
                      sequence,
                      Number.isFinite(atMs) ? moment(atMs) : field(body, 'at', 'time'),
                      titled(field(body, 'kind', 'event', 'type')),
                      field(body, 'by', 'actor', 'who'),
                      <details key="d">
                        <summary>{aboutOf(body).slice(0, 120)}</summary>
                        <code style={{ whiteSpace: 'pre-wrap' }}>{JSON.stringify(body, null, 1)}</code>
                      </details>,
                      <code key="h" title={hash}>
                        {hash.slice(0, 12)}
                      </code>,
                    ],
                  };
                })}
              />
              {found.length > shown && (
                <Button variant="secondary" fill="text" onClick={() => setShown(shown + SHOWN)}>
                  {t('audit.more', 'Show more')}
                </Button>
              )}
            </Section>
          )
        }
      </QueryView>
    </Page>
  );
}

export default Audit;
