import React from 'react';
import { useQuery } from '@tanstack/react-query';
import type { PanelProps } from '@grafana/data';
import { t } from '@grafana/i18n';
import { recommendationsQuery } from '../../api/decisions';
import { Queries } from '../../api/query';
import { Decision } from '../../approvals/Decision';
import { isExecutable } from '../../approvals/vote-rules';
import { QueryView } from '../../components/States';
import { useRights } from '../../components/useRights';
import { chosenModel, type ModelOptions } from '../panel-options';

function Waiting({ model }: { model: string | null }) {
  const query = useQuery(recommendationsQuery({ pending: true, limit: 50, ...(model === null ? {} : { model }) }));
  const rights = useRights();
  return (
    <QueryView query={query} rows={3}>
      {(pending) => {
        // The exporter narrows the list; a panel about one model shows no other one's whatever comes.
        const waiting = pending.filter((one) => isExecutable(one) && (model === null || one.model_id === model));
        return waiting.length === 0 ? (
          <p>
            {model === null
              ? t('panel.none', 'Nothing waits for a decision.')
              : t('panel.none-of', 'Nothing waits for a decision about {{model}}.', { model })}
          </p>
        ) : (
          <>
            {waiting.map((recommendation) => (
              <Decision
                key={recommendation.id}
                recommendation={recommendation}
                rights={rights}
                showIncident
                isCompact
              />
            ))}
          </>
        );
      }}
    </QueryView>
  );
}

/** Decisions that wait, for the dashboard's model or for all, to be made in place. */
export function ApprovalPanel(props: PanelProps<ModelOptions>) {
  const choice = chosenModel(props);
  return (
    <div
      style={{ width: props.width, height: props.height, overflow: 'auto' }}
      tabIndex={0}
      role="region"
      aria-label={t('panel.decisions', 'Decisions that wait')}
    >
      <Queries>
        {choice.kind === 'none' ? <p>{choice.why}</p> : <Waiting model={choice.kind === 'one' ? choice.model : null} />}
      </Queries>
    </div>
  );
}
