import React, { useState } from 'react';
import { t } from '@grafana/i18n';
import { Alert, Button } from '@grafana/ui';
import { failureOf } from '../api/failure';
import { whoAmI } from '../api/identity';
import type { WhoAmI } from '../api/types';

export interface Verdict {
  severity: 'success' | 'warning' | 'error';
  title: string;
  text: string;
}

/** Says exactly what is wrong with the connection, or what the exporter knows of the person who asks. */
export function verdictOf(answer: WhoAmI | { failure: ReturnType<typeof failureOf> }): Verdict {
  if ('failure' in answer) {
    const { kind, message } = answer.failure;
    return kind === 'exporter-down'
      ? {
          severity: 'error',
          title: t('test.unreachable', 'Unreachable'),
          text: t(
            'test.unreachable-text',
            "Grafana's server got no answer at the saved address. Is the exporter running, is the address as Grafana's server (not your browser) sees it, and does no proxy stand between?"
          ),
        }
      : { severity: 'error', title: t('test.failed', 'The test failed'), text: message };
  }
  if (answer.problem !== null) {
    const { code, message } = answer.problem;
    const titles: Record<string, string> = {
      'no-credential': t('test.no-secret', 'No shared secret is saved'),
      'unknown-key-or-secret': t('test.wrong-secret', 'Wrong shared secret'),
      'grafana-not-configured': t('test.no-grafana', 'The exporter does not know this Grafana'),
      'wrong-issuer': t('test.wrong-issuer', 'Wrong issuer: another root_url'),
      'wrong-organisation': t('test.wrong-org', 'Wrong organisation'),
      'bad-signature': t('test.other-grafana', 'The exporter trusts another Grafana'),
      'keys-unavailable': t('test.no-keys', "The exporter cannot fetch Grafana's signing keys"),
    };
    return {
      severity: 'error',
      title: titles[code] ?? t('test.identity', 'The identity is not accepted ({{code}})', { code }),
      text:
        code === 'bad-signature'
          ? t(
              'test.other-grafana-text',
              'The signing keys at identity.grafana.url of the exporter are those of another Grafana than this one, or this Grafana has a new database. Point identity.grafana.url at this Grafana.'
            )
          : message,
    };
  }
  if (answer.kind === 'api-key') {
    return {
      severity: 'warning',
      title: t('test.key', 'Connected, for reading only'),
      text: t(
        'test.key-text',
        'The saved secret is an API key: people can look but nobody can decide. Enter the shared secret of identity.grafana to decide in Grafana.'
      ),
    };
  }
  const decides =
    answer.votable_actions.length === 0 ? t('test.decides-none', 'none') : answer.votable_actions.join(', ');
  return {
    severity: 'success',
    title: t('test.ok', 'Connected; you are {{name}}', { name: answer.name ?? '' }),
    text: t(
      'test.ok-text',
      'The exporter knows you as {{subject}} with role {{role}}. You may decide on: {{decides}}.',
      { subject: answer.subject ?? '', role: answer.person?.role ?? '', decides }
    ),
  };
}

/** A button that asks the exporter, through Grafana, who it takes you for. */
export function ConnectionTest({ disabled }: { disabled: boolean }) {
  const [verdict, setVerdict] = useState<Verdict | null>(null);
  const [busy, setBusy] = useState(false);
  const test = async () => {
    setBusy(true);
    setVerdict(null);
    setVerdict(verdictOf(await whoAmI().catch((error: unknown) => ({ failure: failureOf(error) }))));
    setBusy(false);
  };
  return (
    <div style={{ marginTop: 24 }}>
      <Button variant="secondary" icon="heart-rate" onClick={test} disabled={busy || disabled}>
        {busy ? t('test.busy', 'Asking…') : t('test.button', 'Test the saved connection')}
      </Button>
      {verdict !== null && (
        <div style={{ marginTop: 12 }}>
          <Alert severity={verdict.severity} title={verdict.title}>
            {verdict.text}
          </Alert>
        </div>
      )}
    </div>
  );
}
