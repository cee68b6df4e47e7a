// `vibed completion`: the script that a shell loads. It holds no names of commands: `vibed __complete` lists them.
import { localCommand } from './command.ts';

const bash = `# bash completion for vibed. In ~/.bashrc: source <(vibed completion bash)
_vibed() {
  local current="\${COMP_WORDS[COMP_CWORD]}" line path
  if [ "$current" = = ]; then current=; fi
  COMPREPLY=()
  while IFS= read -r line; do
    case "$line" in
      :folders | :files)
        compopt -o filenames 2>/dev/null
        local kind=-f
        if [ "$line" = :folders ]; then kind=-d; fi
        while IFS= read -r path; do COMPREPLY+=("$path"); done < <(compgen "$kind" -- "$current")
        ;;
      *) COMPREPLY+=("\${line%%$'\\t'*}") ;;
    esac
  done < <("$1" __complete "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -F _vibed vibed`;

const zsh = `#compdef vibed
# zsh completion for vibed. In ~/.zshrc, after compinit: source <(vibed completion zsh)
_vibed() {
  local -a found
  local line
  while IFS= read -r line; do
    case "$line" in
      :folders) _files -/ ;;
      :files) _files ;;
      *$'\\t'*) found+=("\${\${line%%$'\\t'*}//:/\\\\:}:\${line#*$'\\t'}") ;;
      *) found+=("\${line//:/\\\\:}") ;;
    esac
  done < <("\${(Q)words[1]}" __complete "\${(@Q)words[2,CURRENT]}" 2>/dev/null)
  (( $#found )) && _describe vibed found
}
if [ "$funcstack[1]" = _vibed ]; then _vibed "$@"; else compdef _vibed vibed; fi`;

const fish = `# fish completion for vibed. vibed completion fish > ~/.config/fish/completions/vibed.fish
function __vibed_complete
    set -l given (commandline -opc)
    set -l current (commandline -ct)
    for line in ($given[1] __complete $given[2..-1] "$current" 2>/dev/null)
        switch $line
            case ':folders'
                __fish_complete_directories "$current" ''
            case ':files'
                __fish_complete_path "$current" ''
            case '*'
                echo $line
        end
    end
end
complete -c vibed -f -a '(__vibed_complete)'`;

const scripts: Readonly<Record<string, string>> = { bash, zsh, fish };

export const completion = localCommand({
  name: 'completion',
  summary: 'print the script that lets a shell complete commands, flags and the names of your apps',
  words: '<shell>',
  choices: { shell: Object.keys(scripts) },
  examples: [
    'source <(vibed completion bash)',
    'source <(vibed completion zsh)',
    'vibed completion fish > ~/.config/fish/completions/vibed.fish',
  ],
  run: async ({ args, terminal }) => {
    terminal.out(scripts[args.shell] ?? '');
    return 0;
  },
});
