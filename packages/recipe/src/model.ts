/** What the rules are asked and what they answer: the vocabulary shared by every language rule. */
import type { SourceTree } from './source-tree.ts';
import type { Stages } from './steps.ts';

/** What a user may ask for; `auto` lets the ordered rules decide. */
export type RequestedLanguage = 'auto' | 'nodejs' | 'python' | 'go' | 'rust' | 'static' | 'dockerfile';

/** What a recipe ends up with. */
export type Language = Exclude<RequestedLanguage, 'auto'>;

/** A base image, and the series of the language in it, such as `24` or `3.13`. */
export interface VersionedBase {
  readonly version: string;
  readonly image: string;
}

/** Full image references of the bases that generated Dockerfiles start from; a mirror or a private base serves as well. The first of a
 * list is used where the source asks for no version. */
export interface BuildBases {
  readonly node: readonly VersionedBase[];
  readonly python: readonly VersionedBase[];
  readonly go: readonly VersionedBase[];
  readonly rust: string;
  /** What a Rust binary runs on: the same glibc as `rust`, or newer. */
  readonly rustRuntime: string;
  /** An nginx that needs no root. */
  readonly static: string;
  /** What a Go binary runs on. */
  readonly debian: string;
}

/** One image for each language: what a rule starts from, after the choice of the version. */
export type RuleBases = { readonly [Name in keyof BuildBases]: string };

/** Settings of the installation. */
export interface BuildSettings {
  readonly bases: BuildBases;
}

/** The part of `spec.build` and `spec.run` that decides how an image is made. */
export interface BuildRequest {
  readonly language: RequestedLanguage;
  /** Path of the user's Dockerfile inside the tree; default `Dockerfile`. */
  readonly dockerfile?: string;
  /** Folder of the tree that holds the application; the tree is looked at when absent. */
  readonly path?: string;
  /** The port the user named. */
  readonly port?: number;
  /** Names of the values that the build is given. */
  readonly env?: readonly string[];
  /** Those of them that are given to the running app, and reach the build because a framework publishes their names. */
  readonly published?: readonly string[];
}

/** How the image will be made, and what the deployer must know about it. */
export interface Recipe {
  /** The folder of the tree that is built; absent for its root. The paths in `how` are below it. */
  readonly folder?: string;
  readonly language: Language;
  /** Version of the language's base, as the settings name it, for example `24`. */
  readonly version?: string;
  readonly framework?: string;
  /** The reasons in the order they decided, for people. */
  readonly why: readonly string[];
  /** Path of the user's own Dockerfile, or the stages that a rule wrote. */
  readonly how: { readonly dockerfile: string } | { readonly stages: Stages };
  /** The folder that the static server shows, as the source or the build names it; absent for applications that serve themselves. */
  readonly serves?: { readonly folder: string; readonly singlePage: boolean };
  readonly port: number;
  readonly portWhy: string;
  /** True when a port named later counts without a rebuild: the process reads $PORT, or the Dockerfile is the user's own. False for the
   * static server, which listens on `port` whatever the environment says. */
  readonly portFollowsEnv: boolean;
  /** The numeric user of the image, or 'image' when only the built image can tell. */
  readonly user: { readonly uid: number } | 'image';
  readonly warnings: readonly string[];
  /** True when the process writes nowhere but /tmp. */
  readonly readOnlyRoot: boolean;
}

/** Why there is no recipe: LanguageUnknown (no rule recognised the tree), DockerfileMissing (a named Dockerfile is absent),
 * EntrypointMissing (the language is clear but not what to start), PathUnsafe (a name cannot stand in a Dockerfile),
 * Unsupported (recognised, but not buildable as it is), VersionUnavailable (the source asks for a version of its language that no
 * configured base has), SourceTooComplex (the rules did not end within their limits). */
export type RefusalReason =
  | 'LanguageUnknown'
  | 'DockerfileMissing'
  | 'EntrypointMissing'
  | 'PathUnsafe'
  | 'Unsupported'
  | 'VersionUnavailable'
  | 'SourceTooComplex';

/** A tree that has no recipe: what is wrong, and what to do about it. */
export interface Refusal {
  readonly ok: false;
  readonly reason: RefusalReason;
  readonly message: string;
  readonly remedy: string;
}

/** A value, not an exception: an unplannable tree is an expected situation. */
export type RecipeResult = { readonly ok: true; readonly recipe: Recipe } | Refusal;

/** Everything a language rule decides from. */
export interface RuleInput {
  readonly tree: SourceTree;
  /** Its `path` is a package of the workspace in `tree`, and absent where none is chosen. */
  readonly request: BuildRequest;
  readonly settings: { readonly bases: RuleBases };
  /** Reasons collected before the rule ran. */
  readonly why: readonly string[];
}

/** One language: how it is recognised, and how it is built. */
export interface LanguageRule {
  readonly language: Language;
  /** The reason this tree is of this language, or undefined. */
  detect(tree: SourceTree, request: BuildRequest): string | undefined;
  recipe(input: RuleInput): RecipeResult;
}

/** The user that generated images run as; above every range that bases use. */
export const appUid = 10001;

/** Where a runtime that the base does not have is put; a folder of its own at the top, because the layers builder keeps such folders. */
export const runtimeFolder = '/runtime';

/** A failure value. */
export function fault(reason: RefusalReason, message: string, remedy: string): Refusal {
  return { ok: false, reason, message, remedy };
}
