export interface Entry {
  readonly name: string;
  readonly files: Readonly<Record<string, string>>;
  readonly expect:
    | {
        readonly language: string;
        readonly framework?: string;
        readonly folder?: string;
        readonly says?: readonly string[];
        readonly runs?: readonly string[];
        readonly never?: readonly string[];
      }
    | { readonly refused: string; readonly says: readonly string[] };
}
