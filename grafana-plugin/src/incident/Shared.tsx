import React from 'react';
import { t } from '@grafana/i18n';
import { TextLink } from '@grafana/ui';
import type { Incident } from '../api/types';
import { plain } from '../components/Words';
import { PAGES } from '../constants';

type Story = NonNullable<Incident['story']>;

/** What the incidents of a story have in common, in words. */
function sharedText({ models, shared: [first] }: Story): string {
  const named = { count: models, name: first?.name ?? '', interpolation: { escapeValue: false } };
  switch (first?.kind) {
    case 'address':
      return t('story.address', 'One of {{count}} with the same start at the same host, {{name}}', named);
    case 'feature':
      return t('story.feature', 'One of {{count}} with the same start and the same feature, {{name}}', named);
    case 'source':
      return t('story.source', 'One of {{count}} with the same start and the same source, {{name}}', named);
    default:
      return t('story.start', 'One of {{count}} with the same start', named);
  }
}

/** That the incident is one of several with one fault upstream, and which the others are. */
export function Shared({ story, incidentId }: { story: Story; incidentId: string }) {
  const others = story.members.filter(({ incident_id }) => incident_id !== incidentId);
  const left = story.models - 1 - others.length;
  return (
    <details style={{ marginBottom: 12 }} data-testid="mlfi-story" open={others.length <= 5}>
      <summary title={plain(story.headline)}>{sharedText(story)}</summary>
      <ul style={{ paddingLeft: 18 }} aria-label={t('story.others', 'The others')}>
        {others.map(({ model_id, incident_id }) => (
          <li key={incident_id}>
            <TextLink href={PAGES.incident(incident_id)}>{model_id}</TextLink>
          </li>
        ))}
        {left > 0 && <li>{t('story.more', 'and {{count}} more', { count: left })}</li>}
      </ul>
    </details>
  );
}
