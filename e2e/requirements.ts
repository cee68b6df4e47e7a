// What vibeD promises on a real cluster, one sentence each. Scenarios cite the ids; requirements.test.ts fails when a promise
// has no scenario, or when a scenario cites something that is not promised.

export const requirements = {
  // From source to URL
  'source.static': 'A static site with nested paths and a binary file is served byte by byte.',
  'source.express': 'Express with npm dependencies runs.',
  'source.vite-react': 'A Vite + React single-page app is built and served, with its scripts.',
  'source.fastapi': 'FastAPI with a requirements.txt runs.',
  'source.flask': 'Flask with a requirements.txt runs.',
  'source.go': 'A Go module with a dependency runs.',
  'source.pnpm': 'A pnpm project runs.',
  'source.typescript': 'A TypeScript server with a build script runs.',
  'source.node-plain': 'A single server file without package.json runs.',
  'source.dockerfile': 'A user’s own Dockerfile is honoured, with its build arguments, port and user.',
  'source.git': 'A git repository is built at a pinned commit, from a branch, a tag or a folder of it.',
  'source.git-private': 'A private git repository is read with the credentials of a Secret of the same namespace.',
  'source.git-restricted': 'A clone runs where restricted is enforced, and sees the git credential and no other.',
  'source.git-builders':
    'A git repository is built as files are: at once, by an install Job, or by Buildah at the commit that was cloned.',
  'source.git-stays': 'A moved branch rebuilds nothing until the build key changes.',
  'source.image': 'A prebuilt image, named by digest, is deployed without a build.',
  'path.phases': 'pending → building (where a Job builds) → deploying → running are seen in this order by a watch.',
  'path.probe': 'running means that the URL answered; the answer is recorded with the version.',
  'path.restricted': 'Apps run in namespaces that enforce Pod Security restricted.',
  'path.no-orphan': 'After a delete nothing of an artifact is left, in any namespace.',
  'path.layer-cache':
    'A one-line change does not install the dependencies again, in another pod than the first build’s.',

  // Unusual shapes
  'shape.runs':
    'An app of an unusual shape (a folder of its own, Bun, old lockfiles, Procfile, …) runs as its files say.',
  'shape.explained': 'An app that cannot be built or started fails with a reason that names the cause, and what to do.',

  // The layers builder
  'layers.no-job': 'Files that need no command become an image without a Job; what an update leaves out is gone.',
  'layers.why': 'The status says which builder made the image, and why.',
  'layers.reproducible': 'Equal files give an equal image, bit for bit.',
  'layers.static-http':
    'Static sites have right types, revalidation, compression, ranges and the fallback of an app’s router.',
  'layers.dependencies': 'An unchanged lockfile installs nothing: the layer is reused, without a Job.',
  'layers.restricted': 'Install Jobs run in a namespace that enforces restricted, without credential or token.',
  'layers.same-behaviour': 'Both builders give the same behaviour for the same app.',
  'layers.hostile':
    'A build that reaches outside, forks without end, eats memory or links out of its folder fails with a reason, and its neighbours do not notice.',
  'layers.lockfile': 'A lockfile that does not match the manifest is told so.',
  'layers.unfit': 'A builder that is asked for and cannot build the source is refused with the reason.',

  // The registry
  'registry.contract': 'The registry client does on a real registry what every Registry must do.',
  'registry.deleted':
    'A deleted artifact leaves no manifest in its repository or its cache, takes none of another, and its name can be used again at once.',

  // Versions
  'versions.no-downtime': 'An update is promoted without one failed request.',
  'versions.full-replacement': 'What an update does not send is gone.',
  'versions.rollback': 'Writing a recorded spec back restores that version without a build.',
  'versions.failed-update': 'A failed update leaves the last good version serving.',
  'versions.supersede': 'A newer spec cancels the running build.',
  'versions.history-limit':
    'No more versions are kept than the history limit says, and never fewer than the serving one.',
  'versions.retry': 'The retry annotation builds the same spec again.',
  'versions.suspend': 'suspend stops the app and resume brings it back, without a build.',
  'versions.suspend-build': 'suspend cancels a running build.',
  'versions.expires': 'After expiresAt the app is stopped, and a later expiresAt brings it back.',

  // Failure is a product
  'failure.BuildFailed': 'A failed build step tells its last lines.',
  'failure.DependencyMissing': 'A dependency that does not exist is named.',
  'failure.DiskFull': 'A build that fills the disk is ended at its limit.',
  'failure.BuildTimeout': 'A build is ended at its limit.',
  'failure.CrashLoop': 'An app that exits tells its last lines.',
  'failure.WrongPort': 'An app on another port is told which one it said.',
  'failure.NeedsRoot': 'An image that needs root is told so.',
  'failure.ImagePullFailed': 'An image that cannot be pulled is told so.',
  'failure.OutOfMemory': 'An app over its memory limit is told so.',
  'failure.ProbeFailed': 'An app that answers 500 never becomes running.',
  'failure.QuotaExceeded': 'An app without room in the quota is told so.',
  'failure.SecretMissing':
    'A Secret that does not exist is named, and the app starts once it does and a retry is asked.',
  'failure.GitRefNotFound': 'A ref that the repository does not have is told so.',
  'failure.NotOwned': 'A foreign object of the name that vibeD needs is left alone, and the conflict is told.',
  'failure.NamespaceRefused': 'An artifact outside tenant namespaces is refused by the operator.',
  'failure.stalls':
    'After a failure nothing is retried for ever: Stalled is True, with reason, remedy and excerpt, and it stays so.',

  // Targets
  'target.arrives': 'Knative installed while the operator runs is used by the next `auto` app; running ones stay.',
  'target.named-waits':
    'A named target that is not installed is waited for, with the reason, and the app starts by itself.',
  'target.change':
    'The target of a live app is changed without one failed request, and nothing of the old one is left.',
  'knative.first-choice': 'The sample apps, with target auto, land on Knative where it is installed.',
  'knative.sleeps-and-wakes':
    'An app that nobody asks is scaled to zero, is still called running, and wakes for a request.',
  'knative.scale': 'min, max, concurrency and the scale-down delay reach Knative, and min keeps an instance.',
  'knative.no-downtime': 'An update on Knative is promoted without one failed request.',
  'knative.rollback-by-traffic': 'A rollback on Knative moves traffic: no build, no new Revision, no changed template.',
  'knative.version-urls': 'Every recorded version answers its own content at a URL of its own.',
  'knative.children-return': 'A Knative Service deleted or edited by hand comes back.',
  'knative.many': '25 artifacts at once all become ready.',
  'knative.failures': 'Crash, wrong port, missing image and bad answers are told on Knative as on Kubernetes.',
  'knative.NotOwned': 'A Knative Service of that name made by somebody else is left alone, and the conflict is told.',
  'knative.quiet': 'Nothing is written while an app on Knative idles, falls asleep and wakes.',
  'knative.operator-dead': 'With the operator gone, apps on Knative serve, sleep and wake.',
  'knative.webhook-down': 'While Knative’s webhook is down the operator backs off, and heals after it.',
  'knative.crds-return': 'An app whose CRDs were removed says so, and comes back with them.',

  // Bad input
  'input.git-schemes':
    'A git URL of a scheme that the settings do not allow is refused at admission, naming those they do.',
  'input.admission': 'The kube-apiserver judges every example as zod does, naming the field and the remedy.',
  'input.fails-alone': 'An object that got in anyway fails alone and does not stop the others.',

  // Children
  'children.deleted-returns': 'A child deleted by hand comes back.',
  'children.edited-returns': 'A child edited by hand is set right.',

  // Tenants
  'tenant.guard-rails': 'A tenant namespace gets its guard rails, and gets them back when they are removed.',

  // Hostile tenants: each holds while a neighbour deploys, watches and is visited
  'hostile.doors': 'No request ends or blocks the api-server, whatever its body and whenever its client leaves.',
  'hostile.analysis': 'Files, pages and logs made to be slow to read fail alone, in bounded time.',
  'hostile.objects': 'Foreign objects that carry our labels stop no list, no build queue and no deletion.',
  'hostile.network': 'Apps and builds reach what they need and nothing else of the cluster.',
  'hostile.registry': 'Nobody reads or writes the images of another workspace.',
  'hostile.admission': 'Nobody takes the host of another app, and our own accounts write where they have to only.',
  'hostile.budgets': 'Trees, diffs and texts are served within a budget, or refused with a reason.',

  // The operator itself
  'store.contract': 'The CRD store does on a real kube-apiserver what every ArtifactStore must do.',
  'operator.dead-apps-serve': 'With the operator gone, apps serve on and heal as Kubernetes heals them.',
  'operator.killed-converges': 'An operator killed in the middle of a build carries on where it was.',
  'operator.quiet':
    'A second reconcile writes nothing: not when idle, not on an unrelated change, not after a restart.',
  'operator.crash-points': 'Killed before or after any of its writes, the operator converges to the same end.',
} as const;

export type RequirementId = keyof typeof requirements;

/** Promised and not yet proven; a scenario that cites one of these takes it off the list. */
export const unproven: readonly RequirementId[] = [];
