// Ingresses of others for hosts that are vibeD's: admission refuses new ones, but takes none away that was there before.
import { publicHosts } from '../../../operator/src/install/hosts.ts';
import type { Settings } from '../../../operator/src/settings.ts';
import type { Finding } from './findings.ts';

export interface IngressState {
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Readonly<Record<string, string>>;
  };
  readonly spec?: { readonly rules?: readonly { readonly host?: string }[] };
}

export function takenHostsFinding(ingresses: readonly IngressState[], { apps, api }: Settings): Finding {
  const name = 'hosts';
  const isOurs = (host: string) =>
    host === apps.domain || host.endsWith(`.${apps.domain}`) || publicHosts(api).includes(host);
  const isByVibed = ({ metadata: { labels = {} } }: IngressState) =>
    labels['app.kubernetes.io/managed-by'] === 'vibed' || labels['app.kubernetes.io/name'] === 'vibed';
  const taken = ingresses
    .filter(ingress => !isByVibed(ingress))
    .flatMap(({ metadata, spec }) =>
      (spec?.rules ?? [])
        .filter(({ host = '' }) => isOurs(host))
        .map(({ host }) => `${host} by Ingress ${metadata.namespace}/${metadata.name}`),
    );
  if (taken.length === 0) return { name, verdict: 'ok', detail: `nobody else has one below ${apps.domain}` };
  const shown = [...taken.slice(0, 5), ...(taken.length > 5 ? [`${taken.length - 5} more`] : [])].join(', ');
  const remedy =
    'an app that is given such a host cannot be verified: delete these Ingresses, or choose another domain';
  return { name, verdict: 'warn', detail: `taken: ${shown}`, remedy };
}
