/** One Go file as the go command sees it: its package, what it imports, and whether a build for Linux includes it. */

export interface GoFile {
  /** The name in the package clause; undefined when there is none. */
  readonly package?: string;
  readonly imports: readonly string[];
  readonly builds: boolean;
}

/** Reads the text of a Go file; `path` decides too, because `_windows.go` is a constraint. */
export function goFile(path: string, text: string): GoFile {
  const { comments, clause } = headerOf(text);
  const name = /^package[ \t]{1,80}(\w{1,200})/.exec(clause)?.[1];
  const builds = !excludedByName(path) && satisfied(comments);
  return { ...(name !== undefined && { package: name }), imports: importsOf(text), builds };
}

const systems =
  'aix|android|darwin|dragonfly|freebsd|illumos|ios|js|nacl|netbsd|openbsd|plan9|solaris|wasip1|windows|zos'.split('|');
const otherMachines = '386|arm|mips|mips64|mips64le|mipsle|ppc64|ppc64le|riscv64|s390x|loong64|wasm'.split('|');

/** Tests, hidden files, and names that end in another system or machine. */
function excludedByName(path: string): boolean {
  const file = path.slice(path.lastIndexOf('/') + 1);
  if (file.endsWith('_test.go') || file.startsWith('_') || file.startsWith('.')) return true;
  const parts = file.slice(0, -'.go'.length).split('_').slice(1).slice(-2);
  const last = parts.at(-1) ?? '';
  if (systems.includes(last) || otherMachines.includes(last)) return true;
  return (last === 'amd64' || last === 'arm64') && systems.includes(parts[0] ?? '');
}

/** The line comments above the package clause, and the line of the clause. */
function headerOf(text: string): { comments: readonly string[]; clause: string } {
  const comments: string[] = [];
  let inBlock = false;
  for (const raw of text.split('\n', 2_000)) {
    const line = raw.trim();
    if (inBlock) {
      inBlock = !line.includes('*/');
    } else if (line.startsWith('//')) {
      comments.push(line);
    } else if (line.startsWith('/*')) {
      inBlock = !line.includes('*/');
    } else if (line !== '') {
      return { comments, clause: line };
    }
  }
  return { comments, clause: '' };
}

/** `//go:build` decides alone; the lines of the older form must all hold. */
function satisfied(comments: readonly string[]): boolean {
  const modern = comments.find(line => line.startsWith('//go:build '));
  if (modern !== undefined) return holds(modern.slice('//go:build '.length));
  return comments
    .filter(line => /^\/\/[ \t]{0,8}\+build[ \t]/.test(line))
    .every(line =>
      line
        .slice(line.indexOf('+build') + '+build'.length)
        .split(/[ \t]/)
        .filter(option => option !== '')
        .some(option => option.split(',').every(term => isSet(term))),
    );
}

/** A tag that a plain `go build` for Linux sets, or `!` and one that it does not. Both machines of a cluster count. */
function isSet(term: string): boolean {
  if (term.startsWith('!')) return !isSet(term.slice(1));
  return ['linux', 'unix', 'gc', 'amd64', 'arm64'].includes(term) || /^go1\.\d{1,3}$/.test(term);
}

/** Whether an expression of `&&`, `||`, `!` and parentheses holds. */
function holds(expression: string): boolean {
  const tokens = expression.slice(0, 500).match(/\(|\)|&&|\|\||!|[\w.]+/g) ?? [];
  let at = 0;
  const operand = (): boolean => {
    const token = tokens[at++];
    if (token === '!') return !operand();
    if (token !== '(') return token !== undefined && isSet(token);
    const inner = either();
    at++;
    return inner;
  };
  const both = (): boolean => {
    let value = operand();
    while (tokens[at] === '&&') {
      at++;
      value = operand() && value;
    }
    return value;
  };
  function either(): boolean {
    let value = both();
    while (tokens[at] === '||') {
      at++;
      value = both() || value;
    }
    return value;
  }
  return either();
}

/** The imported paths: single imports, and the lines of import groups. */
function importsOf(text: string): string[] {
  const imports: string[] = [];
  let inGroup = false;
  for (const raw of text.split('\n', 2_000)) {
    const line = raw.trim().slice(0, 400);
    const starts = line.startsWith('import');
    if (!inGroup && !starts) {
      if (/^(?:func|type|var|const)\b/.test(line)) break;
      continue;
    }
    for (const quoted of line.matchAll(/["`]([^"`]{1,300})["`]/g)) imports.push(quoted[1] ?? '');
    if (starts && line.includes('(')) inGroup = true;
    if (inGroup && line.includes(')')) inGroup = false;
  }
  return imports;
}
