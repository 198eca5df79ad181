# Set-ups that operators break, in /lab/broken: each file says in its first line what is wrong, and has broken(), which
# makes it so, named(), which succeeds once vipctl says what the cause is, and mended().

key='.bgp.peers.router.password_file = "key"'
configure() {  # FILTER: the site's configuration, changed
    write_config 3 "$key | $1"
    ctl reload >>"$work/reload.log" 2>&1 || true
}
all_well() { announced && all_pooled 3 && status_says '.alerts == []'; }

broken_set_ups() {  # NAME...
    local name view
    (umask 077; echo secret >"$work/key")
    site_up 3
    sed -i 's/error wait time/password "secret"; error wait time/' "$work/bird.conf"
    birdc_router configure >/dev/null
    write_config 3 "$key"
    start_vipd
    within 20 "all is well" all_well
    for name; do
        source "/lab/broken/$name"
        step "$(sed -n '1s/^# *//p' "/lab/broken/$name")"
        broken
        within 15 "vipctl names the cause" named
        [ "$failures" -eq 0 ] || for view in status "why web-http" peers; do ctl $view; done >"$work/$name.seen.log" 2>&1
        mended
        within 20 "all is well again" all_well
    done
}
