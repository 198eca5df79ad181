# vipd in the place of the balancer. Intervals are short so that a scenario is, and long enough for an emulated machine:
# a failed server is out after fall x interval + timeout = 2.5 s at the latest.

hold_down=3
config=$work/vipd.json

# write_config SERVERS [FILTER [ARGUMENT...]]: the site's configuration, changed by a jq filter.
write_config() {
    local count=$1 filter=${2:-.}
    shift; [ $# -eq 0 ] || shift
    jq -n --argjson count "$count" --arg work "$work" --arg vip4 "$vip4" --arg vip6 "$vip6" "$@" '
    {
        version: 1, node: "lb", state_dir: ($work + "/state"),
        bgp: {
            local_as: 64601, router_id: "10.2.0.10", next_hop: {ipv4: "10.2.0.10", ipv6: "fd02::10"},
            peers: {router: {address: "10.2.0.1", remote_as: 64600}}
        },
        vips: {web: {addresses: [$vip4, $vip6], announce: {hold_down: "3s"}}},
        services: {
            "web-http": {
                vip: "web", port: 80, scheduler: "wrr", scheduler_flags: [],
                servers: ([range(1; $count + 1)
                    | {key: "rs\(.)", value: {address: ["10.3.\(.).10", "fd03:\(.)::10"], weight: .}}] | from_entries),
                monitors: [{type: "http", url: "http://lab/healthz", interval: "1s", timeout: "500ms"}]
            }
        },
        stop: {gshut_wait: "1s", withdraw_wait: "1s"},
        status: {listen: ["127.0.0.1:9180"], socket: ($work + "/vipd.sock")},
        ipvs: {resync_interval: "2s", on_stop: "flush"}
    } | '"$filter" >"$config.new"
    mv "$config.new" "$config"
    mkdir -p "$work/state"
}

# With a /sys of its namespace, which the doctor looks at.
start_vipd() {
    ip netns exec lb vipd --config "$config" >>"$work/vipd.log" 2>&1 &
    vipd_process=$!
    note "vipd is started"
}
vipd_runs() { kill -0 "$vipd_process" 2>/dev/null; }
vipd_is_gone() { ! vipd_runs; }
stop_vipd() { kill -TERM "$vipd_process"; }
kill_vipd() {
    kill -KILL "$vipd_process"
    wait "$vipd_process" 2>/dev/null || true
}
ctl() { vipctl --socket "$work/vipd.sock" "$@"; }

status() { lab_get "$work/vipd.sock" "$1"; }
# status_says FILTER [PATH]: a jq filter that is true of /v1/status, or of the page named.
status_says() { [ "$(status "${2:-/v1/status}" | jq -r "$1" 2>/dev/null)" = true ]; }

announced() { routed "$vip4" && routed "$vip6"; }
withdrawn() { not_routed "$vip4" && not_routed "$vip6"; }
all_pooled() { pooled $(seq "$1"); }  # SERVERS

# logged CODE [SINCE]: when vipd's log first told that event, seconds since the epoch. last_logged: the last time.
logged() { event_time first "$@"; }
last_logged() { event_time last "$@"; }
event_time() {  # first|last CODE [SINCE]
    awk -v which="$1" -v message="\"message\":\"$2 " -v since="${3:-0}" "$awk_epoch"'
        !(found && which == "first") && index($0, message) && match($0, /"time":"[^"]*"/) {
            at = epoch(substr($0, RSTART + 8, RLENGTH - 9))
            if (at + 0 >= since + 0) found = at
        }
        END {if (found) print found}' "$work/vipd.log"
}

# The usual beginning: site, configuration, vipd, both VIPs announced, clients asking.
serving_site() {  # SERVERS [FILTER]
    site_up "$1"
    write_config "$@"
    start_clients
    start_vipd
    within 20 "both VIPs are announced" announced
    within 5 "all servers are in the table" all_pooled "$1"
    within 5 "the clients are answered" answered
}

# A service of somebody else beside ours, which nobody may touch.
add_foreign_service() {
    in_ns lb ipvsadm -A -t 198.51.100.1:8080 -s rr
    in_ns lb ipvsadm -a -t 198.51.100.1:8080 -r 198.51.100.2:8080 -m -w 7
}
foreign_service() { table | grep -A1 -E '^TCP +198\.51\.100\.1:8080 rr' | xargs; }
foreign_untouched() { [ "$(foreign_service)" = "TCP 198.51.100.1:8080 rr -> 198.51.100.2:8080 Masq 7 0 0" ]; }

# restart_and_watch TEXT WRITES: starts vipd again beside a full table and counts what it writes until it is settled.
restart_and_watch() {
    local text=$1 wanted=$2 again
    again=$(now)
    start_vipd
    within 10 "$text: vipd has read the kernel's table" status_says '.kernel.read_once and .kernel.in_sync'
    within 20 "$text: both VIPs are announced" announced
    sleep 4
    expect_equal "$text: writes to IPVS since the start" "$(ipvs_writes "$again")" "$wanted"
    expect "$text: vipd runs" vipd_runs
}
