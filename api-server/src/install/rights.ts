// The api-server's rights, made from what its actions declare. It writes specs and reads; children and status it cannot touch.
import type { Right } from '../actions/action.ts';
import { actions } from '../actions/all.ts';
import { podRights, reviewRights } from '../source-endpoint.ts';

interface Rule {
  apiGroups: string[];
  resources: string[];
  verbs: string[];
}

/** In the whole cluster: owners' namespaces come and go. */
export const clusterRules = (): Rule[] => merged([...actions.flatMap(action => action.rights), ...reviewRights]);

/** In the build namespace. */
export const buildRules = (): Rule[] => merged(podRights);

/** One rule per resource, verbs in a fixed order. */
function merged(rights: readonly Right[]): Rule[] {
  const rules = new Map<string, Rule>();
  for (const { apiGroups, resources, verbs } of rights)
    for (const group of apiGroups)
      for (const resource of resources) {
        const rule = rules.get(`${group}/${resource}`) ?? { apiGroups: [group], resources: [resource], verbs: [] };
        rule.verbs = [...new Set([...rule.verbs, ...verbs])].sort();
        rules.set(`${group}/${resource}`, rule);
      }
  return [...rules.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, rule]) => rule);
}
