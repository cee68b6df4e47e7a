/** One small tree of the corpus, and the right answer to it. */
export interface Entry {
  readonly name: string;
  /** Path → text. */
  readonly files: Readonly<Record<string, string>>;
  /** What spec.build.path says. */
  readonly path?: string;
  readonly expect: Planned | Refused;
}

/** The tree has a recipe. */
export interface Planned {
  readonly language: string;
  readonly framework?: string;
  /** The folder that is built; the root when it is left away. */
  readonly folder?: string;
  /** Each appears in a reason, in the summary or in a warning. */
  readonly says?: readonly string[];
  /** Each appears in the printed Dockerfile. */
  readonly runs?: readonly string[];
  /** None appears in the printed Dockerfile, in a reason or in a warning. */
  readonly never?: readonly string[];
}

/** The tree has no recipe. */
export interface Refused {
  /** The RefusalReason. */
  readonly refused: string;
  /** Each appears in the message or in the remedy. */
  readonly says: readonly string[];
}
