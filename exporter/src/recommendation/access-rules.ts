import { FAILURE_REASONS, type FailureReason } from '../domain/observation.js';
import type { CauseId, Diagnosis } from '../domain/cause.js';
import { investigate, restart, rollback, type Rule } from './rule.js';

/** What refuses its callers, or cannot be found by them, is not mended by starting it again. */
const access = (what: string, ...steps: readonly string[]): Rule => ({
  ...investigate(what, ...steps),
  expectedEffect: 'Calls are answered again.',
  risk: 'No risk to the model, as nothing in it is changed.',
});

/** What to do about causes that failing calls name themselves. */
export const ACCESS_RULES = {
  'credentials-refused': [
    access(
      'Renew the credentials that the server refuses',
      'Check whether the key expired, was rotated or lost its permission, for mlfi alone or for every caller.',
      'Put the new value where the secret of the model is kept and reload mlfi, or change the header of the model.',
    ),
  ],
  'certificate-invalid': [
    access(
      'Renew the certificate of the server',
      'Check until when it is valid, for which names, and who signed it.',
      'If the authority changed on purpose, give mlfi and the other callers the new one.',
    ),
  ],
  'certificate-expiring': [
    access(
      'Renew the certificate of the server before it ends',
      'Find out what should have renewed it: cert-manager, an ACME client, a person.',
      'Put the new one into service; mlfi sees it with its next connection.',
    ),
  ],
  'endpoint-not-found': [
    access(
      'Find out where the model went',
      'Compare the path with the deployment in service: name, version, prefix of the gateway.',
      'If it was renamed on purpose, give mlfi and the other callers the new address.',
    ),
  ],
  'endpoint-moved': [
    access(
      'Give mlfi and the other callers the new address',
      'Read where the redirect points to, and whether it is meant: a login page means credentials have expired.',
    ),
  ],
  'rate-limited': [
    access(
      'Find out who uses up the limit on calls',
      'Compare the rate of calls with the limit the server states, for each key or client.',
      'Raise the limit, or spread or cache the calls; give mlfi a longer interval if the calls are its own.',
    ),
  ],
  'payload-refused': [
    access(
      'Find out what the model wants to be sent now',
      'Compare the inputs the model declares with those it took before.',
      'If they changed with a release, tell its callers or put the version before it back.',
    ),
  ],
  'error-in-answer': [
    access(
      'Read what the server says in its responses',
      'Look for the same error in its log: a model that was not loaded, a dependency that is missing.',
      'Have it answered with a status of failure, so that load balancers and callers see it.',
    ),
    restart,
    rollback('If the errors began with a release, the version before it is known to answer.'),
  ],
} as const satisfies Readonly<Partial<Record<CauseId, readonly Rule[]>>>;

/** The same for a model that is not reached at all, or says nothing that can be used, by why it does not. */
const ACCESS: Readonly<Partial<Record<FailureReason, readonly [what: string, ...steps: readonly string[]]>>> = {
  blocked: [
    'Allow mlfi to call the address again',
    'Check whether the name resolves to another address than before, and whether that is meant.',
    'If it is, list it in egress.allow_hosts or egress.allow_cidrs.',
  ],
  dns: [
    'Find out why the host name is not known any more',
    'Resolve it from where mlfi runs, and look for a removed service or a changed zone.',
  ],
  no_answer: [
    'Find out why the model returns no usable value',
    'Send it one of the newest inputs and follow what it computes: a division by zero, an overflow, a missing input or weight.',
    'Compare the inputs of these calls with earlier ones; of calls without a usable answer mlfi counts none.',
    'If it began with a release, put the version before it back.',
  ],
  not_json: [
    'Find out what answers in place of the model',
    'Read what is quoted: a page of maintenance or login, or of a proxy, comes from something in front of the model.',
    'Ask its owner until when that lasts, or have the route to the model put back; users who come the same way get no predictions.',
    'Where it is a text of the model itself, compare its newest responses with earlier ones.',
  ],
};

const isReason = (text: string): text is FailureReason => FAILURE_REASONS.some((reason) => reason === text);

/** Why calls are not answered, where that says what to do; null otherwise. */
function accessReason({ findings }: Diagnosis): FailureReason | null {
  const found = findings.find(({ detector }) => detector === 'unreachable' || detector === 'error-rate');
  const [most] = [...(found?.statistics ?? [])]
    .filter(({ name }) => name.startsWith('failures_'))
    .sort((a, b) => b.value - a.value);
  const reason = most?.name.slice('failures_'.length) ?? '';
  return isReason(reason) && ACCESS[reason] !== undefined ? reason : null;
}

/** What to do about a model whose calls fail for a reason that says it; null for a model that is down. */
export function accessRules(diagnosis: Diagnosis): readonly Rule[] | null {
  const reason = accessReason(diagnosis);
  const known = reason === null ? undefined : ACCESS[reason];
  if (known === undefined) return null;
  const [what, ...steps] = known;
  return [access(what, ...steps)];
}
