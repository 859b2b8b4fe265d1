import React from 'react';
import type { PanelProps } from '@grafana/data';
import { t } from '@grafana/i18n';
import { exporter } from '../../api/client';
import { useLive } from '../../api/useLive';
import { Decision } from '../../approvals/Decision';
import { LiveView } from '../../components/States';
import { useRights } from '../../components/useRights';
import { chosenModel, type ModelOptions } from '../panel-options';

/** Decisions that wait, for the dashboard's model or for all, to be made in place. */
export function ApprovalPanel(props: PanelProps<ModelOptions>) {
  const model = chosenModel(props);
  const live = useLive(`pending/${model ?? ''}`, () =>
    exporter.recommendations({ pending: 'true', limit: 50, ...(model === null ? {} : { model }) })
  );
  const rights = useRights();
  return (
    <div
      style={{ width: props.width, height: props.height, overflow: 'auto' }}
      tabIndex={0}
      role="region"
      aria-label={t('panel.decisions', 'Decisions that wait')}
    >
      <LiveView live={live} rows={3}>
        {(waiting) =>
          waiting.length === 0 ? (
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
                  onDecided={live.refresh}
                  showIncident
                  isCompact
                />
              ))}
            </>
          )
        }
      </LiveView>
    </div>
  );
}
