import React, { useEffect, useId, useRef, useState } from 'react';
import { t } from '@grafana/i18n';
import { Badge, Stack, TextLink } from '@grafana/ui';
import type { Recommendation } from '../api/types';
import { DECISION_COLOURS, DECISION_TEXTS, moment, relative } from '../components/format';
import { approversText, type Rights } from '../components/useRights';
import { plain, Words } from '../components/Words';
import { PAGES } from '../constants';
import { DryRun } from './DryRun';
import { OtherSteps } from './OtherSteps';
import { Outcome } from './Outcome';
import { isOver, missingApprovals } from './vote-rules';
import { VoteControl } from './VoteControl';

/** Actions that put another version in service, which can be tried beforehand. */
const OTHER_VERSION: ReadonlyArray<Recommendation['action']> = ['deploy', 'rollback'];

const GRID = {
  display: 'grid',
  gridTemplateColumns: 'minmax(90px, max-content) minmax(0, 1fr)',
  gap: '4px 12px',
  margin: '8px 0',
  overflowWrap: 'anywhere',
} as const;
const NO_MARGIN = { margin: 0 } as const;
const PLAIN_TERM = { fontWeight: 400, opacity: 0.8 } as const;

/** The exporter says "None: nothing is changed."; after the word "Risk" that would be two answers. */
export const riskText = (risk: string) => risk.replace(/^None:\s*(\w)/, (_, first: string) => first.toUpperCase());

/** What is to be done, in order. */
export function Steps({ steps }: Pick<Recommendation, 'steps'>) {
  return steps.length === 0 ? null : (
    <ol style={{ paddingLeft: 18, margin: '4px 0', overflowWrap: 'anywhere' }}>
      {steps.map((step) => (
        <li key={step}>
          <Words>{step}</Words>
        </li>
      ))}
    </ol>
  );
}

/** What approving does, who may, what may go wrong, and how often it has helped. */
function Consequences({ recommendation }: { recommendation: Recommendation }) {
  const { plan, risk, policy, required_approvals, track_record, action, model_id } = recommendation;
  const isUntried = plan !== null && OTHER_VERSION.includes(action) && plan.parameters.validation === undefined;
  const who = approversText(policy);
  return (
    <dl style={GRID}>
      {plan !== null && (
        <>
          <dt style={PLAIN_TERM}>{t('decision.approving', 'Approving')}</dt>
          <dd style={NO_MARGIN}>
            {plan.executor === 'webhook'
              ? t('decision.sends', 'sends “{{action}}” for {{model}} to {{target}}, once', {
                  action,
                  model: model_id,
                  target: plan.target,
                  interpolation: { escapeValue: false },
                })
              : t('decision.executes', 'lets {{executor}} act on {{target}}, once', {
                  executor: plan.executor,
                  target: plan.target,
                  interpolation: { escapeValue: false },
                })}
            {isUntried && (
              <>
                {' '}
                ({t('decision.untried', 'no candidate was tried against the version in service')};{' '}
                <TextLink href={`${PAGES.model(model_id)}#candidates`}>{t('decision.try', 'try one first')}</TextLink>)
              </>
            )}
          </dd>
          <dt style={PLAIN_TERM}>{t('decision.approvers', 'Who may')}</dt>
          <dd style={NO_MARGIN}>
            {who ?? t('decision.approvers-unknown', 'as governance.approvers says')}
            {required_approvals > 1
              ? ` (${t('decision.needs', '{{count}} people needed', { count: required_approvals })})`
              : ''}
          </dd>
        </>
      )}
      <dt style={PLAIN_TERM}>{t('decision.risk', 'Risk')}</dt>
      <dd style={NO_MARGIN}>
        <Words>{riskText(risk)}</Words>
      </dd>
      {track_record !== null && (
        <>
          <dt style={PLAIN_TERM}>{t('decision.record', 'Success so far')}</dt>
          <dd style={NO_MARGIN}>
            {t('decision.helped', 'Helped {{helped}} of {{tried}} times in similar incidents', {
              helped: track_record.helped,
              tried: track_record.tried,
            })}
          </dd>
        </>
      )}
    </dl>
  );
}

/** Why it is proposed, what it should bring, how that is checked, and what exactly would be sent. */
function Background({ recommendation }: { recommendation: Recommendation }) {
  const { id, why, expected_effect, verification_text, proposed_by } = recommendation;
  return (
    <dl style={GRID}>
      <dt style={PLAIN_TERM}>{t('decision.why', 'Why')}</dt>
      <dd style={NO_MARGIN}>
        <Words>{why}</Words>
      </dd>
      <dt style={PLAIN_TERM}>{t('decision.effect', 'Expected effect')}</dt>
      <dd style={NO_MARGIN}>
        <Words>{expected_effect}</Words>
      </dd>
      <dt style={PLAIN_TERM}>{t('decision.verified', 'Verified by')}</dt>
      <dd style={NO_MARGIN}>
        <Words>{verification_text}</Words>
      </dd>
      <dt style={PLAIN_TERM}>{t('decision.dry-run', 'Dry run')}</dt>
      <dd style={NO_MARGIN}>
        <DryRun id={id} />
      </dd>
      <dt style={PLAIN_TERM}>{t('decision.proposed-by', 'Proposed by')}</dt>
      <dd style={NO_MARGIN}>{proposed_by.name}</dd>
    </dl>
  );
}

interface Props {
  recommendation: Recommendation;
  rights: Rights;
  /** Names the incident it belongs to, where that is not plain from the page. */
  showIncident?: boolean;
  /** The steps are folded in until asked for. */
  isCompact?: boolean;
}

/** One action that would be executed: what it is, what approving it does, and one control to approve or reject it. */
export function Decision({ recommendation, rights, showIncident = false, isCompact = false }: Props) {
  const heading = useId();
  const [reads, setReads] = useState(false);
  const article = useRef<HTMLElement>(null);
  const { state, title, steps, expires_at_ms, required_approvals } = recommendation;
  const isPending = state === 'pending';
  const region = useRef<HTMLElement | null>(null);
  useEffect(() => {
    region.current = article.current?.closest('section') ?? null;
  }, []);
  // What was pressed is gone after a vote, and the closing dialog gives the focus back in the next frame: it goes here after that,
  // or to the list, where this has been folded away.
  const focus = () =>
    requestAnimationFrame(() =>
      requestAnimationFrame(() => {
        const isShown = article.current !== null && article.current.closest('details:not([open])') === null;
        (isShown ? article.current : region.current)?.focus();
      })
    );
  const details = (
    <details style={{ marginTop: 8 }} onToggle={({ currentTarget }) => setReads(currentTarget.open)}>
      <summary>
        {isCompact ? t('decision.more', 'Steps, reasons and dry run') : t('decision.background', 'Reasons and dry run')}
      </summary>
      {isCompact && <Steps steps={steps} />}
      {reads && <Background recommendation={recommendation} />}
    </details>
  );
  return (
    <article
      ref={article}
      tabIndex={-1}
      aria-labelledby={heading}
      data-testid={`decision-${recommendation.action}`}
      data-state={state}
      data-id={recommendation.id}
      style={{
        padding: '8px 0',
        outline: 'none',
        ...(isCompact ? { borderTop: '1px solid rgba(128,128,128,.25)' } : {}),
      }}
    >
      <Stack gap={1} wrap="wrap" alignItems="center">
        <strong id={heading} style={{ overflowWrap: 'anywhere' }}>
          {plain(title)}
        </strong>
        <Badge text={DECISION_TEXTS[state]()} color={DECISION_COLOURS[state]} />
        {isPending && required_approvals > 1 && (
          <span>
            {t('decision.count', '{{have}} of {{need}} approvals', {
              have: required_approvals - missingApprovals(recommendation),
              need: required_approvals,
            })}
          </span>
        )}
        {isPending && (
          <small title={moment(expires_at_ms)}>
            {t('decision.expires', 'expires {{when}}', { when: relative(expires_at_ms) })}
          </small>
        )}
        {showIncident && (
          <TextLink href={PAGES.incident(recommendation.incident_id)}>
            {t('decision.incident', 'Incident of {{model}}', { model: recommendation.model_id })}
          </TextLink>
        )}
      </Stack>
      {!isCompact && <Steps steps={steps} />}
      {!isOver(recommendation) && <Consequences recommendation={recommendation} />}
      <Outcome recommendation={recommendation} />
      <VoteControl recommendation={recommendation} rights={rights} onDone={focus} />
      {details}
      <OtherSteps recommendation={recommendation} rights={rights} onDone={focus} />
    </article>
  );
}
