// Namespaces that are no workspaces, whatever labels they have: Kubernetes' own, vibeD's own, and those that a site protects. The rule
// is here once, as TypeScript for both processes and as CEL for admission.
const kubernetesPrefix = 'kube-';

/** What of the settings decides. */
interface SystemNamespaces {
  readonly systemNamespace: string;
  readonly builds: { readonly namespace: string; readonly installNamespace: string };
  readonly tenants: { readonly protectedNamespaces: readonly string[] };
}

export function isSystemNamespace(name: string, settings: SystemNamespaces): boolean {
  const { systemNamespace, builds, tenants } = settings;
  const own = [systemNamespace, builds.namespace, builds.installNamespace];
  return name.startsWith(kubernetesPrefix) || [...own, ...tenants.protectedNamespaces].includes(name);
}

/** The same rule as CEL on the expression `name`, without what a site protects. */
export const isSystemNamespaceCel = (name: string, own: readonly string[]): string =>
  `(${name}.startsWith('${kubernetesPrefix}') || ${name} in [${own.map(each => `'${each}'`).join(', ')}])`;
