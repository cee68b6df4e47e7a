/** One tree of the corpus, and the recipe or the refusal that is right for the tree. */
export interface Entry {
  readonly name: string;
  readonly files: Readonly<Record<string, string>>;
  readonly expect:
    | {
        readonly language: string;
        readonly framework?: string;
        readonly folder?: string;
        /** Each must appear in the reasons, the summary or the warnings. */
        readonly says?: readonly string[];
        /** Each must appear in the printed Dockerfile. */
        readonly runs?: readonly string[];
        /** None may appear in the printed Dockerfile. */
        readonly never?: readonly string[];
      }
    | { readonly refused: string; readonly says: readonly string[] };
}
