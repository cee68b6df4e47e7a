// The kubelet expands `$(NAME)` in the command, the arguments and the variables of a container, and makes `$$` one `$`. Texts of tenants,
// and the sources and arguments of their builds, must arrive as they are written: an expansion could show them what only our own
// variables hold, such as a proxy's password.

/** The text that the kubelet turns back into this one. */
export const literal = (text: string): string => text.replace(/\$(?=[$(])/g, '$$$$');

interface Texts {
  name: string;
  command?: string[];
  args?: string[];
  env?: { name: string; value?: string }[];
}

/** The container, whose process is given every text as it is written here. */
export function literally<C extends Texts>(container: C): C {
  const { command, args, env } = container;
  return {
    ...container,
    ...(command && { command: command.map(literal) }),
    ...(args && { args: args.map(literal) }),
    ...(env && { env: env.map(e => (e.value === undefined ? e : { ...e, value: literal(e.value) })) }),
  };
}
