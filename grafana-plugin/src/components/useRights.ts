import { t } from '@grafana/i18n';
import { config } from '@grafana/runtime';
import { exporter } from '../api/client';
import { useLive } from '../api/useLive';

export interface Rights {
  /** Subject of the signed-in person as the exporter knows it; null when it knows nobody. */
  subject: string | null;
  /** Why this person may not operate models; null when they may. */
  operateRefusal: string | null;
  /** Why this person may not decide on an action; null when they may. */
  decideRefusal: (action: string) => string | null;
  /** Why this person may not do what only admins may; null when they may. */
  adminRefusal: string | null;
  /** Whether the exporter lets this person decide alone in an emergency, where the rules of an action allow it. */
  breaksGlass: boolean;
}

/** What the signed-in person may do: by their role in Grafana, and by what the exporter says of their identity. */
export function useRights(): Rights {
  const { data } = useLive('whoami', exporter.whoAmI, 30_000);
  const role = config.bootData.user.orgRole;
  const isViewer = role !== 'Editor' && role !== 'Admin';
  return {
    subject: data?.subject ?? null,
    operateRefusal: isViewer
      ? t('rights.operate', 'Needs the Editor role in Grafana; yours is {{role}}.', { role })
      : null,
    adminRefusal:
      role === 'Admin' ? null : t('rights.admin', 'Needs the Admin role in Grafana; yours is {{role}}.', { role }),
    breaksGlass: !isViewer && data?.breaks_glass === true,
    decideRefusal: (action) => {
      if (isViewer) {
        return t('rights.decide', 'Deciding needs the Editor role in Grafana; yours is {{role}}.', { role });
      }
      if (data?.problem) {
        return data.problem.message;
      }
      if (data !== null && data.kind !== 'user') {
        return t(
          'rights.nobody',
          'The exporter does not know you as a person; see the connection test of the configuration.'
        );
      }
      const decides: readonly string[] | undefined = data?.decides;
      return decides !== undefined && !decides.includes(action)
        ? t('rights.policy', 'The exporter does not list you as an approver of this action.')
        : null;
    },
  };
}
