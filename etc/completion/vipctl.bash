# bash completion for vipctl: verbs, options, and names as the daemon knows them.
_vipctl() {
    local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]} verb="" place word words
    local -a socket=()
    local verbs=" status vips services servers peers routes names alerts doctor events why may-depool drain enable disable
        reset maintenance reload restart log "
    for ((place = 1; place < COMP_CWORD; ++place)); do
        word=${COMP_WORDS[place]}
        if [[ $word == --socket ]]; then
            socket=(--socket "${COMP_WORDS[++place]}")
        elif [[ -z $verb && ${verbs//$'\n'/ } == *" $word "* ]]; then
            verb=$word
        fi
    done
    case $previous in
        --socket) mapfile -t COMPREPLY < <(compgen -f -- "$current"); return ;;
        --ttl | --max | --why | --who | --limit | -n | --code | --subject) return ;;
    esac
    case $verb in
        "") words="$verbs --socket --json --version --help" ;;
        events) words="--follow --limit --code --subject --json" ;;
        why) words=$(_vipctl_names subjects) ;;
        drain | enable | disable) words="$(_vipctl_names servers) --force --ttl --wait --max --why --who" ;;
        reset) words="$(_vipctl_names servers) --why --who" ;;
        may-depool) words=$(_vipctl_names servers) ;;
        maintenance)
            words="--ttl --why --who on off"
            [[ $previous == on || $previous == off ]] && words="--ttl --why --who $(_vipctl_names vips)" ;;
        reload) words="--allow-shrink --why --who" ;;
        restart) words="--why --who" ;;
        log) words="debug info warning error --why --who" ;;
        *) words="--watch --json" ;;
    esac
    mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
}

# Of the daemon that the line speaks to: `socket` is _vipctl's.
_vipctl_names() {
    vipctl "${socket[@]}" complete "$1" 2>/dev/null
}

complete -F _vipctl vipctl
