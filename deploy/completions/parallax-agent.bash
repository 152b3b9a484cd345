# bash completion for parallax-agent(1).
_parallax_agent() {
  local current=${COMP_WORDS[COMP_CWORD]} command='' word values
  for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case $word in stdio) command=$word; break ;; esac
  done
  case $command in
    stdio) values='--help' ;;
    *) values='stdio --help --version' ;;
  esac
  COMPREPLY=($(compgen -W "$values" -- "$current"))
}
complete -F _parallax_agent parallax-agent
