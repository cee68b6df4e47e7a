/** Values for the build in a generated Dockerfile: declared by name in the text, while the values travel as build arguments. */

/**
 * The Dockerfile with an ARG for each name, where the whole source comes into the stage that builds: later RUN lines see the values,
 * and the installation of dependencies, which comes before, stays cached when a value changes. Nothing is declared where no stage
 * builds. A value is never part of the text, so it cannot end a line, be expanded or become an instruction.
 */
export function declaring(dockerfile: string, names: readonly string[]): string {
  if (names.length === 0) return dockerfile;
  const lines = dockerfile.split('\n');
  const stage = lines.findIndex(line => /^FROM \S+ AS build$/.test(line));
  if (stage < 0) return dockerfile;
  const next = lines.findIndex((line, i) => i > stage && line.startsWith('FROM '));
  const end = next < 0 ? lines.length : next;
  const whole = lines.findIndex((line, i) => i > stage && i < end && line.startsWith('COPY [".", '));
  const at = whole < 0 ? end : whole;
  return [...lines.slice(0, at), ...names.map(declaration), ...lines.slice(at)].join('\n');
}

function declaration(name: string): string {
  if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) throw new Error(`not the name of a value: ${JSON.stringify(name)}`);
  return `ARG ${name}`;
}
