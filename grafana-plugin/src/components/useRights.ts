import { useQuery } from '@tanstack/react-query';
import { t } from '@grafana/i18n';
import { config } from '@grafana/runtime';
import { whoAmIQuery } from '../api/identity';
import type { Recommendation, WhoAmI } from '../api/types';

export interface Rights {
  /** Subject of the signed-in person as the exporter knows it; null when it knows nobody. */
  subject: string | null;
  /** Why this person may not operate models; null when they may. */
  operateRefusal: string | null;
  /** Why this person may not decide on a recommendation; null when they may. */
  decideRefusal: (recommendation: Pick<Recommendation, 'action' | 'policy'>) => string | null;
  /** Why this person may not do what only admins may; null when they may. */
  adminRefusal: string | null;
  /** Whether the exporter lets this person decide alone in an emergency, where the rules of an action allow it. */
  breaksGlass: boolean;
}

interface Approvers {
  users: readonly string[];
  emails: readonly string[];
  roles: readonly string[];
}

const textsOf = (value: unknown): string[] =>
  Array.isArray(value) ? value.filter((text): text is string => typeof text === 'string') : [];

/** Who may vote under a policy; null when the policy does not say. */
function approversOf(policy: Recommendation['policy']): Approvers | null {
  const approvers: unknown = policy.approvers;
  if (typeof approvers !== 'object' || approvers === null) {
    return null;
  }
  const { users, emails, roles }: { users?: unknown; emails?: unknown; roles?: unknown } = approvers;
  return { users: textsOf(users), emails: textsOf(emails), roles: textsOf(roles) };
}

/** Who may approve, as a short text: "Editor, Admin, grace". */
export function approversText(policy: Recommendation['policy']): string | null {
  const approvers = approversOf(policy);
  const named = approvers === null ? [] : [...approvers.roles, ...approvers.users, ...approvers.emails];
  return named.length === 0 ? null : named.join(', ');
}

function isAmong({ users, emails, roles }: Approvers, { subject, person }: WhoAmI): boolean {
  const names = [subject, person?.id, person?.login].flatMap((name) => (name ? [name] : []));
  const email = person?.email ?? null;
  return (
    names.some((name) => users.includes(name)) ||
    (email !== null && emails.includes(email)) ||
    (person !== null && roles.includes(person.role))
  );
}

/** What the signed-in person may do: by their role in Grafana, by what the exporter says of them, and by each policy itself. */
export function useRights(): Rights {
  const { data } = useQuery(whoAmIQuery());
  const role = config.bootData.user.orgRole;
  const isViewer = role !== 'Editor' && role !== 'Admin';
  return {
    subject: data?.subject ?? null,
    operateRefusal: isViewer
      ? t('rights.operate', 'Needs the Editor role in Grafana; yours is {{role}}.', { role })
      : null,
    adminRefusal:
      role === 'Admin' ? null : t('rights.admin', 'Needs the Admin role in Grafana; yours is {{role}}.', { role }),
    breaksGlass: !isViewer && data?.may_break_glass === true,
    decideRefusal: ({ action, policy }) => {
      if (isViewer) {
        return t('rights.decide', 'Deciding needs the Editor role in Grafana; yours is {{role}}.', { role });
      }
      if (data?.problem) {
        return data.problem.message;
      }
      if (data !== undefined && data.kind !== 'user') {
        return t(
          'rights.nobody',
          'The exporter does not know you as a person; see the connection test of the configuration.'
        );
      }
      const approvers = approversOf(policy);
      const votable: readonly string[] | undefined = data?.votable_actions;
      const isListed =
        data === undefined || (approvers === null ? votable?.includes(action) !== false : isAmong(approvers, data));
      return isListed
        ? null
        : t('rights.policy', 'You are not an approver of this action. Approvers: {{who}}.', {
            who: approversText(policy) ?? t('rights.unknown', 'see governance.approvers'),
            interpolation: { escapeValue: false },
          });
    },
  };
}
