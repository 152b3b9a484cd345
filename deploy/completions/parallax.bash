# bash completion for parallax(1). What a flag takes is completed where it is a closed set, a file, a run or a cause.

# The values that a JSON answer of parallax has under a name, one a line. No JSON tool can be relied on here.
_parallax_json_values() { # COMMAND NAME
  parallax "$1" --format json 2>/dev/null | grep -oE "\"$2\": *\"[^\"]*\"" | sed -E 's/.*: *"([^"]*)"$/\1/'
}

_parallax_flags() { # COMMAND
  local output='--format --output --color --help'
  local drawn="--redact --no-redact $output"
  local reaching='--copy-agent --agent-binary --tls-ca --tls-cert --tls-key --tls-name --agent-token-from'
  local probing="--connect-to --password-from --ssl-root-cert --timeout --repeats --sql --sql-ddl --sql-bytes
    --title --store --no-store $reaching"
  case $1 in
    compare) echo "--inside --outside --witness --control --no-investigate $probing $drawn" ;;
    probe) echo "--from $probing $drawn" ;;
    run) echo "--set --dry-run --store --no-store $reaching $output" ;;
    show) echo "--store $drawn" ;;
    diff) echo "--store --redact $output" ;;
    export) echo '--store --format --output --redact --help' ;;
    history) echo "--limit --store $output" ;;
    diagnose) echo "--golden --name --store $drawn" ;;
    causes) echo "$output" ;;
    *) echo '--help --version' ;;
  esac
}

_parallax() {
  local current previous command word
  COMPREPLY=()
  # Without ':' and '=' as breaks: `exec:ssh` and `--format=json` are one word each.
  if declare -F _get_comp_words_by_ref >/dev/null; then
    local words cword
    _get_comp_words_by_ref -n := -c current -p previous -w words -i cword
  else
    current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]} words=("${COMP_WORDS[@]}")
  fi
  for word in "${words[@]:1}"; do
    case $word in
      compare | probe | run | show | export | diff | history | diagnose | causes) command=$word; break ;;
    esac
  done

  local values=''
  case $previous in
    --inside | --outside | --from) values='local exec: ssh: unix: grpc:// grpcs:// https://' ;;
    --format)
      case $command in
        export) values='txtpb json' ;;
        run) values='text json junit' ;;
        compare | probe | show | diagnose) values='text json markdown html' ;;
        *) values='text json' ;;
      esac ;;
    --color) values='auto always never' ;;
    --password-from) values='env: file: exec: controller:' ;;
    --output | --store | --ssl-root-cert | --agent-binary | --tls-ca | --tls-cert | --tls-key)
      compopt -o filenames 2>/dev/null; COMPREPLY=($(compgen -f -- "$current"))
      return ;;
    --golden) compopt -o filenames 2>/dev/null; COMPREPLY=($(compgen -d -- "$current")); return ;;
    --witness | --connect-to | --control | --timeout | --repeats | --title | --limit | --name) return ;;
    --sql-bytes | --tls-name | --agent-token-from | --set) return ;;
    *)
      if [[ $current == -* ]]; then
        values=$(_parallax_flags "$command")
      else
        case $command in
          show | diagnose | export | diff) values="last $(_parallax_json_values history run)" ;;
          causes) values=$(_parallax_json_values causes cause) ;;
          compare | probe) values='postgres:// tcp:// tls:// http:// https:// dns:' ;;
          run) compopt -o filenames 2>/dev/null; COMPREPLY=($(compgen -f -- "$current")); return ;;
          '') values='compare probe run show export diff history diagnose causes' ;;
        esac
      fi ;;
  esac
  COMPREPLY=($(compgen -W "$values" -- "$current"))
  case ${COMPREPLY[0]-} in *: | *://) compopt -o nospace 2>/dev/null ;; esac
  declare -F __ltrim_colon_completions >/dev/null && __ltrim_colon_completions "$current"
  return 0
}
complete -F _parallax parallax
