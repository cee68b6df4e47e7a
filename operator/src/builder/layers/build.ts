// The `layers` builder: looks at a source beside the workers and, where nothing has to run, makes its image at once. What needs a
// command gets a Job, which is told what was found out here. A tenant's files are read and packed, never executed.
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Stage } from '@vibed/recipe';
import type { CompactArtifact } from '@vibed/store';
import { KubeError } from '@vibed/store/kube';
import type { Analysis } from '../../analysis/analysis.ts';
import { cacheRepositoryOf, repositoryOf } from '../../artifact/names.ts';
import type { LayersAnswer, LayersQuestion } from '../../artifact/questions.ts';
import { exitOf, reportOf, SourceError } from '../../build-pod/fault.ts';
import { type SourceJobInput, type SourceReport, sourceExit, sourceJob } from '../../build-pod/job.ts';
import { RegistryClient } from '../../build-pod/registry-client.ts';
import type { RegistryEndpoint } from '../../build-pod/registry-config.ts';
import { type PreparedTree, prepareTree } from '../../build-pod/source.ts';
import { ociRegistry } from '../../registry/oci-registry.ts';
import { type Registry, RegistryError } from '../../registry/registry.ts';
import type { Settings } from '../../settings.ts';
import { baseEndpoints } from '../build-environment.ts';
import { factsOf } from '../observe.ts';
import { pullReference } from '../pull-reference.ts';
import { sourceProblem } from '../source-problem.ts';
import { requestOf } from '../source-step.ts';
import { type BaseImage, readBase } from './base.ts';
import { chooseBuilder } from './choose.ts';
import { cutStage, dependencyKey } from './deps.ts';
import { type ImageLayer, pushImage } from './image.ts';
import { type ImageLayers, imageLayers, type LayerPlan, sourceEntries } from './image-layers.ts';
import { planInstall } from './install-plan.ts';
import { findKept, layerTag } from './kept.ts';
import { packLayer } from './layer.ts';
import type { KeptBlobs } from './locate.ts';
import { imageArchitecture } from './scratch.ts';
import { Turnstile } from './turnstile.ts';

export interface LayersOptions {
  readonly settings: Settings;
  readonly analysis: Pick<Analysis, 'recipe'>;
  /** Where the tree of a source comes from. */
  readonly locate: (question: LayersQuestion, scratch: string, kept: KeptBlobs) => Promise<SourceJobInput['source']>;
  /** A folder for files that live as long as one build. */
  readonly scratch: string;
  /** The push credential, a dockerconfigjson; undefined when the registry asks for none. */
  readonly credentialFile: string | undefined;
  /** PEM file of the authorities to trust; undefined for the public ones. */
  readonly caFile: string | undefined;
  /** Between two tries to fetch a source; three seconds when absent. */
  readonly pauseMs?: number;
}

/** Sources that are looked at here at once; git is cloned in a pod first, where a hostile server meets no one. */
export const looksAt = ({ spec }: CompactArtifact): boolean =>
  (spec.source.files !== undefined || spec.source.snapshot !== undefined) && spec.build?.builder !== 'buildah';

/** At once in one operator, and of one namespace: a build holds little memory, but its share of two cores and of a disk. */
const fetchTries = 5;
const atOnce = { all: 4, perOwner: 2 };

export class LayersBuilder {
  readonly #options: LayersOptions;
  readonly #turnstile = new Turnstile(atOnce.all, atOnce.perOwner);
  readonly #clients = new Map<string, RegistryClient>();

  constructor(options: LayersOptions) {
    this.#options = options;
  }

  /** Expected failures are answers; nothing is left on disk. */
  async answer(question: LayersQuestion, signal: AbortSignal): Promise<LayersAnswer> {
    using _turn = await this.#turnstile.enter(question.owner.namespace, signal);
    const scratch = await mkdtemp(join(this.#options.scratch, 'vibed-layers-'));
    const work = new LayersWork(question, scratch, signal, this);
    try {
      return await work.run();
    } catch (error) {
      signal.throwIfAborted();
      return { kind: 'layers', log: work.log, ...problemOf(error) };
    } finally {
      await rm(scratch, { recursive: true, force: true });
    }
  }

  get options(): LayersOptions {
    return this.#options;
  }

  /** The registry that apps are pushed to. */
  ownRegistry(signal: AbortSignal): Registry {
    return ociRegistry(this.#client({ url: this.#options.settings.registry.push }, this.#options.credentialFile), {
      signal,
    });
  }

  baseSource(host: string, signal: AbortSignal) {
    const { registry } = this.#options.settings;
    const found = baseEndpoints(this.#options.settings)[host];
    if (found === undefined) return undefined;
    const isOurs = new URL(found.url).origin === new URL(registry.push).origin;
    const client = this.#client(found, isOurs ? this.#options.credentialFile : undefined);
    return { registry: ociRegistry(client, { signal }), isOurs };
  }

  /** One for each registry, so that its logins and connections are kept. */
  #client(endpoint: RegistryEndpoint, dockerConfigFile: string | undefined): RegistryClient {
    const { caFile } = this.#options;
    const client = this.#clients.get(endpoint.url) ?? new RegistryClient({ ...endpoint, dockerConfigFile, caFile });
    this.#clients.set(endpoint.url, client);
    return client;
  }
}

/** One build. */
class LayersWork {
  readonly #question: LayersQuestion;
  readonly #scratch: string;
  readonly #signal: AbortSignal;
  readonly #builder: LayersBuilder;
  readonly #lines: string[] = [];

  constructor(question: LayersQuestion, scratch: string, signal: AbortSignal, builder: LayersBuilder) {
    this.#question = question;
    this.#scratch = scratch;
    this.#signal = signal;
    this.#builder = builder;
  }

  get log(): string {
    return this.#lines.map(line => `[vibed] ${line}\n`).join('');
  }

  async run(): Promise<LayersAnswer> {
    const tree = await this.#tree();
    if (!tree.ok) return this.#failed(tree);
    const choice = chooseBuilder(tree.recipe, this.#question.build?.builder);
    if (tree.report.commit !== undefined) this.#say(`the commit is ${tree.report.commit}`);
    this.#say(tree.report.recipe.summary);
    for (const why of tree.recipe.why) this.#say(why);
    if (choice.builder === undefined) return { ...this.#answer, result: 'failed', reason: 'BuilderUnfit', ...choice };
    this.#say(choice.why);
    const { builder, why } = choice;
    const { commit } = tree.report;
    if (builder === 'buildah')
      return { ...this.#answer, result: 'job', plan: { builder, why, ...(commit !== undefined && { commit }) } };
    return await this.#layers(tree, why);
  }

  async #tree() {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.#prepared();
      } catch (error) {
        // The source endpoint, or the registry, may be starting again.
        const isWorthIt = error instanceof SourceError && exitOf(error.reason) === sourceExit.retry;
        if (!isWorthIt || attempt === fetchTries) throw error;
        await sleep(this.#builder.options.pauseMs ?? 3_000, undefined, { signal: this.#signal });
      }
    }
  }

  async #prepared() {
    const { analysis, settings, locate } = this.#builder.options;
    const { build, given = { env: [], published: [] }, owner, tree: fetched } = this.#question;
    const { registry, cache } = this.#place;
    const job: SourceJobInput = {
      source: await locate(this.#question, this.#scratch, digest => registry.read(cache, digest)),
      request: requestOf(build, given),
      bases: settings.builds.bases,
    };
    const looking = { analysis, owner: owner.namespace };
    const tree = await prepareTree(sourceJob.parse(job), join(this.#scratch, 'tree'), looking, this.#signal);
    // What was left out of it, and its commit, only the Job that brought it has seen.
    return tree.ok && fetched !== undefined ? { ...tree, report: { ...tree.report, ...fetched.found } } : tree;
  }

  async #layers(tree: PreparedTree, why: string): Promise<LayersAnswer> {
    if (!('stages' in tree.recipe.how)) throw new Error('a Dockerfile of one’s own is built by Buildah');
    const { build, image: final } = tree.recipe.how.stages;
    const image = imageLayers(final);
    const [base, toolchain] = await Promise.all([this.#base(image.base), build && this.#base(build.base)]);
    const source = { ...tree.report, recipe: { ...tree.report.recipe, why: [...tree.report.recipe.why, why] } };
    const ready = await this.#readyLayers(tree, image, build, toolchain);
    const layers = ready.filter(layer => layer !== undefined);
    if (build === undefined || toolchain === undefined || layers.length === ready.length) {
      const digest = await pushImage({ ...this.#place, base, layers, settings: image.settings });
      this.#say(`pushed ${this.#place.repository}@${digest}`);
      return { ...this.#answer, result: 'built', facts: this.#facts(source, digest) };
    }
    const install = await planInstall({
      ...this.#place,
      tree,
      image,
      base,
      build,
      toolchain,
      ready,
      values: this.#question.given?.env ?? [],
      scratch: this.#scratch,
      signal: this.#signal,
      settings: this.#builder.options.settings,
    });
    this.#say('a Job runs what has to run');
    const { key: _, image: __, digest: ___, ...facts } = this.#facts(source, '');
    return { ...this.#answer, result: 'job', plan: { builder: 'layers', why, install, facts } };
  }

  /** Each layer of the image, as far as it needs no command: packed from the source, or kept from an earlier version. */
  async #readyLayers(
    tree: PreparedTree,
    image: ImageLayers,
    build: Stage | undefined,
    toolchain: BaseImage | undefined,
  ) {
    const stage = build && cutStage(build);
    const isDependencies = stage !== undefined && stage.build.length === 0;
    const key = isDependencies ? await dependencyKey(stage, toolchain?.digest ?? '', tree.root) : undefined;
    return await Promise.all(image.layers.map((layer, i) => this.#readyLayer(tree, layer, `${i}`, key)));
  }

  async #readyLayer(
    tree: PreparedTree,
    layer: LayerPlan,
    name: string,
    key: string | undefined,
  ): Promise<ImageLayer | undefined> {
    if (layer.from === 'source') {
      const entries = sourceEntries(layer.steps, tree.files, tree.root);
      return await packLayer(entries, join(this.#scratch, `layer-${name}`), this.#signal);
    }
    if (key === undefined) return undefined;
    const { registry, cache } = this.#place;
    const kept = await findKept(registry, cache, layerTag(`${key}-${layer.copy.target.replaceAll('/', '_')}`));
    if (kept !== undefined) this.#say(`${layer.copy.target}: unchanged dependencies, the layer is reused`);
    return kept;
  }

  get #place() {
    const { owner, key } = this.#question;
    const { settings } = this.#builder.options;
    const repository = repositoryOf(owner, settings.registry);
    const cache = cacheRepositoryOf(owner, settings.registry);
    return { registry: this.#builder.ownRegistry(this.#signal), repository, cache, tag: key };
  }

  #base(name: string): Promise<BaseImage> {
    return readBase(name, {
      sourceOf: host => this.#builder.baseSource(host, this.#signal),
      prefix: this.#builder.options.settings.registry.prefix,
      architecture: imageArchitecture,
    }).catch(error => {
      if (!(error instanceof RegistryError)) throw error;
      throw new BaseUnavailable(error.message, { cause: error });
    });
  }

  #facts(source: SourceReport & { ok: true }, digest: string) {
    const { settings } = this.#builder.options;
    const image = { ok: true, digest, user: 'set', exposed: [] } as const;
    const facts = factsOf(this.#question.key, source, image, pullReference(this.#question.owner, settings));
    return { ...facts, builder: 'layers' as const };
  }

  #say(line: string): void {
    this.#lines.push(line);
  }

  get #answer() {
    return { kind: 'layers' as const, log: this.log };
  }

  #failed(fault: Parameters<typeof sourceProblem>[0]): LayersAnswer {
    return { ...this.#answer, result: 'failed', ...sourceProblem(fault) };
  }
}

class BaseUnavailable extends Error {}

function problemOf(error: unknown) {
  if (error instanceof KubeError)
    return { result: 'again' as const, message: 'the Artifact could not be read; once more' };
  return { result: 'failed' as const, ...failureOf(error) };
}

function failureOf(error: unknown) {
  if (error instanceof SourceError) return sourceProblem(reportOf(error));
  if (error instanceof BaseUnavailable)
    return {
      reason: 'BaseUnavailable' as const,
      message: `the base image could not be read: ${error.message}`,
      remedy: 'A cluster admin checks builds.bases and builds.baseRegistries in the settings of vibeD; then retry.',
    };
  if (error instanceof RegistryError)
    return {
      reason: 'RegistryUnavailable' as const,
      message: `the registry did not take the image: ${error.message}`,
      remedy: 'A cluster admin checks registry.push and its credential in the settings of vibeD; then retry.',
    };
  throw error;
}
