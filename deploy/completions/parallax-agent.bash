# bash completion for parallax-agent(1).
_parallax_agent() {
  local current=${COMP_WORDS[COMP_CWORD]} command='' word values
  case ${COMP_WORDS[COMP_CWORD - 1]} in
    --tls-ca | --tls-cert | --tls-key | --tls-client-ca | --allow-root-cert | --token-file)
      compopt -o filenames 2>/dev/null; COMPREPLY=($(compgen -f -- "$current"))
      return ;;
    --socket-mode) COMPREPLY=($(compgen -W '0600 0660' -- "$current")); return ;;
    --listen | --drain | --tls-name | --token-from | --allow-secret) COMPREPLY=(); return ;;
  esac
  for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case $word in stdio | serve | check | join) command=$word; break ;; esac
  done
  case $command in
    stdio | join) values='--help' ;;
    serve) values='--listen --socket-mode --token-file --token-from --allow-secret --tls-cert --tls-key --tls-client-ca --allow-root-cert --drain --help' ;;
    check) values='--token-file --token-from --tls-ca --tls-cert --tls-key --tls-name --help' ;;
    *) values='stdio serve check join --help --version' ;;
  esac
  COMPREPLY=($(compgen -W "$values" -- "$current"))
}
complete -F _parallax_agent parallax-agent
