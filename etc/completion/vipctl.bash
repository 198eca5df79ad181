# bash completion for vipctl: verbs, options, and names as the daemon knows them.
_vipctl_names() {
    vipctl --json services 2>/dev/null | jq -r "$1" 2>/dev/null
}

_vipctl() {
    local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]} verb="" word
    local verbs="status vips services servers peers routes alerts doctor events why may-depool drain enable disable
        reset maintenance reload restart log"
    for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
        [[ " ${verbs//$'\n'/ } " == *" $word "* ]] && verb=$word && break
    done
    if [[ $previous == --socket ]]; then
        mapfile -t COMPREPLY < <(compgen -f -- "$current")
        return
    fi
    local words
    case $verb in
        "") words="$verbs --socket --json --version --help" ;;
        events) words="--follow --limit --code --subject --json" ;;
        why) words=$(_vipctl_names '.services[] | .name, .vip') ;;
        drain | enable | disable) words="$(_vipctl_servers) --force --ttl --wait --max --why --who" ;;
        reset | may-depool) words=$(_vipctl_servers) ;;
        maintenance) words="on off $(_vipctl_names '.services[].vip') --ttl --why --who" ;;
        reload) words="--allow-shrink --why --who" ;;
        restart) words="--why --who" ;;
        log) words="debug info warning error --why --who" ;;
        *) words="--watch --json" ;;
    esac
    mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
}

_vipctl_servers() {
    vipctl --json servers 2>/dev/null |
        jq -r '.services[] | .name as $service | .pools[].servers[] | $service + "/" + .name' 2>/dev/null | sort -u
}

complete -F _vipctl vipctl
