import type { Diagnosis } from '../domain/cause.js';
import { FAILURE_REASONS, type FailureReason } from '../domain/observation.js';
import type { Rule } from './rules.js';

/** A model that refuses its callers, or cannot be found by them, is not mended by starting it again. */
const ACCESS: Readonly<Partial<Record<FailureReason, readonly [what: string, ...steps: readonly string[]]>>> = {
  credentials: [
    'Renew the credentials that the server refuses',
    'Check whether the key expired, was rotated or lost its permission, for mlfi alone or for every caller.',
    'Put the new value where the secret of the model is kept; mlfi reads it at its next start.',
  ],
  certificate: [
    'Renew the certificate of the server',
    'Check until when it is valid, for which names, and who signed it.',
    'If the authority changed on purpose, give mlfi and the other callers the new one.',
  ],
  not_found: [
    'Find out where the model went',
    'Compare the path with the deployment in service: name, version, prefix of the gateway.',
    'If it was renamed on purpose, give mlfi and the other callers the new address.',
  ],
  moved: [
    'Give mlfi and the other callers the new address',
    'Read where the redirect points to, and whether it is meant: a login page means credentials have expired.',
  ],
  payload_refused: [
    'Find out what the model wants to be sent now',
    'Compare the inputs the model declares with those it took before.',
    'If they changed with a release, tell its callers or put the version before it back.',
  ],
  blocked: [
    'Allow mlfi to call the address again',
    'Check whether the name resolves to another address than before, and whether that is meant.',
    'If it is, list it in egress.allow_hosts or egress.allow_cidrs.',
  ],
  dns: [
    'Find out why the host name is not known any more',
    'Resolve it from where mlfi runs, and look for a removed service or a changed zone.',
  ],
};

const isReason = (text: string): text is FailureReason => FAILURE_REASONS.some((reason) => reason === text);

/** Why calls are not answered, where that is about reaching the model and not about the model; null otherwise. */
function accessReason({ findings }: Diagnosis): FailureReason | null {
  const found = findings.find(({ detector }) => detector === 'unreachable' || detector === 'error-rate');
  const [most] = [...(found?.statistics ?? [])]
    .filter(({ name }) => name.startsWith('failures_'))
    .sort((a, b) => b.value - a.value);
  const reason = most?.name.slice('failures_'.length) ?? '';
  return isReason(reason) && ACCESS[reason] !== undefined ? reason : null;
}

/** What to do about a model that refuses its callers or cannot be found by them; null for a model that is down. */
export function accessRules(diagnosis: Diagnosis): readonly Rule[] | null {
  const reason = accessReason(diagnosis);
  const known = reason === null ? undefined : ACCESS[reason];
  if (known === undefined) return null;
  const [what, ...steps] = known;
  return [
    {
      action: 'investigate',
      title: () => what,
      why: ({ diagnosis: { causes } }) => causes[0]?.supporting[0]?.text ?? '',
      steps: () => steps,
      expectedEffect: 'Calls are answered again.',
      risk: 'No risk to the model, as nothing in it is changed.',
    },
  ];
}
