# A site in network namespaces: client -- router -- lb, and rs1 ... rsN behind the router as well. The router is BIRD,
# the servers are nginx and have the VIP on their tunnel devices, the balancer (lb) is what the scenario puts there.
#
#   client  10.1.0.2   fd01::2        router  .1 of each net, AS 64600
#   lb      10.2.0.10  fd02::10       AS 64601
#   rsN     10.3.N.10  fd03:N::10

vip4=203.0.113.10
vip6=2001:db8:f::10

in_ns() { lab_in "$@"; }
spawn() {  # NAMESPACE LOG COMMAND...: in the background; $! is the command itself
    local namespace=$1 log=$2
    shift 2
    lab_in "$namespace" "$@" >>"$work/$log" 2>&1 &
    disown
}

settings() {  # NAMESPACE NAME=VALUE...: its own net sysctls
    local namespace=$1
    shift
    in_ns "$namespace" sysctl -q -w "${@/#/net/}"
}

balancer_settings() { in_ns "$1" sysctl -q -p /lab/sysctl.d/80-vipd.conf; }  # NAMESPACE: those that vipd comes with

# link NAMESPACE NET4 NET6 HOST4 HOST6: a namespace and a veth pair to it from the router, which is .1 and ::1.
link() {
    ip netns add "$1"
    router_end "$@" | ip -n router -batch -
    host_end "$@" | ip -n "$1" -batch -
}
# Its two ends, for ip in their namespaces: a site starts ip once for many of them, as on an emulated machine starts are dear.
router_end() {  # NAMESPACE NET4 NET6 ...
    echo "link add $1 type veth peer name eth0 netns $1
        addr add $2.1/24 dev $1
        addr add $3::1/64 dev $1 nodad
        link set $1 up"
}
host_end() {  # NAMESPACE NET4 NET6 HOST4 HOST6
    echo "link set lo up
        addr add $2.$4/24 dev eth0
        addr add $3::$5/64 dev eth0 nodad
        link set eth0 up
        route add default via $2.1
        route add ::/0 via $3::1"
}

ports=80  # that the servers listen on

start_server() {  # N: nginx in rsN. /healthz and / answer at once with the server's name; /download takes ten seconds, /short five.
    local name=rs$1 folder=$work/rs$1
    local port listen=
    for port in $ports; do listen+="listen $port; listen [::]:$port; "; done
    mkdir -p "$folder/html"
    echo "$name" >"$folder/html/index.html"
    echo ok >"$folder/html/healthz"
    echo "daemon off; master_process off; pid $folder/pid; error_log $folder/error.log;
        events { worker_connections 256; }
        http {
            access_log off; client_body_temp_path $folder/body; proxy_temp_path $folder/proxy;
            fastcgi_temp_path $folder/fastcgi; uwsgi_temp_path $folder/uwsgi; scgi_temp_path $folder/scgi;
            server {
                $listen root $folder/html; add_header X-Server $name always;
                location = /download { alias /tmp/download; limit_rate 50k; }
                location = /short { alias /tmp/short; limit_rate 50k; }
            }
        }" >"$folder/nginx.conf"
    spawn "$name" "$name.log" nginx -c "$folder/nginx.conf" -p "$folder"
    echo $! >"$folder/process"
}

kill_server() { kill -KILL "$(<"$work/rs$1/process")"; }    # connections to it are refused
freeze_server() { kill -STOP "$(<"$work/rs$1/process")"; }  # they are accepted by the kernel and never answered
thaw_server() { kill -CONT "$(<"$work/rs$1/process")"; }
break_server() { rm "$work/rs$1/html/healthz"; }          # its health check answers 404, traffic is still served
mend_server() { echo ok >"$work/rs$1/html/healthz"; }
cut_server() { ip -n router link set "rs$1" down; }       # its packets vanish
join_server() {
    ip -n router link set "rs$1" up
    ip -n router addr replace "fd03:$1::1/64" dev "rs$1" nodad  # a v6 address goes with the link
}

server_ends() {
    echo "link set tunl0 up
        link set ip6tnl0 up
        addr add $vip4/32 dev tunl0
        addr add $vip6/128 dev ip6tnl0 nodad"
}

bird_base() {  # NAME ROUTER_ID
    printf 'router id %s;\nlog "%s/%s.log" all;\nprotocol device { scan time 1; }\n' "$2" "$work" "$1"
}

# A link of its own between lb and rsN, 10.4.N.0/24 and fd04:N::/64: what dr and nat need. Answers from the address on it
# go back through lb, as nat wants it; those from the VIP go to the router.
near_link() {  # N
    ip -n lb link add "near$1" type veth peer name lb0 netns "rs$1"
    ip -n lb -batch - <<-END
		addr add 10.4.$1.1/24 dev near$1
		addr add fd04:$1::1/64 dev near$1 nodad
		link set near$1 up
	END
    ip -n "rs$1" -batch - <<-END
		addr add 10.4.$1.10/24 dev lb0
		addr add fd04:$1::10/64 dev lb0 nodad
		link set lb0 up
		rule add from 10.4.$1.10 lookup 100
		route add default via 10.4.$1.1 table 100
	END
    ip -6 -n "rs$1" -batch - <<-END
		rule add from fd04:$1::10 lookup 100
		route add default via fd04:$1::1 table 100
	END
}

# An end for every kind of tunnel, over either family and with either inside. GUE's UDP port is 6080.
tunnel_ends() {  # N
    ip -n "rs$1" -batch - <<-END
		link set sit0 up
		link set gre0 up
		link set ip6gre0 up
	END
    in_ns "rs$1" ip fou add port 6080 gue
    in_ns "rs$1" ip -6 fou add port 6080 gue
    in_ns "rs$1" ip -6 tunnel change ip6tnl0 mode any
}

start_router() {
    bird_base bird 10.2.0.1 >"$work/bird.conf"
    echo 'protocol kernel { merge paths on; ipv4 { import none; export all; }; }
        protocol kernel { merge paths on; ipv6 { import none; export all; }; }
        protocol bgp lb {
            local 10.2.0.1 as 64600; neighbor 10.2.0.10 as 64601; passive; hold time 9;
            error wait time 1, 2; debug all;
            ipv4 { import all; export none; };
            ipv6 { import all; export none; };
        }' >>"$work/bird.conf"
    in_ns router bird -c "$work/bird.conf" -s "$work/bird.ctl" -P "$work/bird.pid"
    # The router's own routing table as it changes: the witness of what is announced.
    lab_in router ip -ts monitor route >"$work/routes.log" &
}

site_up() {  # SERVERS
    local number name
    local -A ends=([client]="client 10.1.0 fd01 2 2" [lb]="lb 10.2.0 fd02 10 10")
    for ((number = 1; number <= $1; number++)); do ends[rs$number]="rs$number 10.3.$number fd03:$number 10 10"; done
    printf 'netns add %s\n' router "${!ends[@]}" | ip -batch -
    {
        echo "link set lo up"
        for name in "${!ends[@]}"; do router_end ${ends[$name]}; done
    } | ip -n router -batch -
    for name in "${!ends[@]}"; do
        {
            host_end ${ends[$name]}
            case $name in
                lb) echo "link add nlmon0 up type nlmon" ;;
                rs*) server_ends ;;
            esac
        } | ip -n "$name" -batch -
    done
    for name in router lb; do settings $name ipv4/ip_forward=1 ipv6/conf/all/forwarding=1; done
    balancer_settings lb
    spawn lb netlink.log lab_netlink_watch nlmon0
    for ((number = 1; number <= $1; number++)); do start_server "$number"; done
    start_router
    note "site of $1 servers is up"
}

# --- what the router knows ---

routed() { routed_in router "$1" bird; }  # ADDRESS
routed_in() {  # NAMESPACE ADDRESS PROTOCOL
    local family=-4
    [[ $2 != *:* ]] || family=-6
    [ -n "$(ip -n "$1" $family route show "$2" proto "$3")" ]
}
not_routed() { ! routed "$1"; }
birdc_router() { birdc -s "$work/bird.ctl" "$@"; }

# For awk: seconds since the epoch of "2026-11-21 18:16:12.739", whatever stands between the numbers.
awk_epoch='function epoch(text,   p) {
    split(text, p, /[^0-9]/)
    return mktime(p[1] " " p[2] " " p[3] " " p[4] " " p[5] " " p[6]) "." p[7]
}'
# route_event ADDRESS added|deleted [SINCE]: when that first happened in the router's table, seconds since the epoch.
route_event() {
    awk -v address="$1" -v what="$2" -v since="${3:-0}" "$awk_epoch"'
        /^\[/ {
            at = epoch(substr($1, 2))
            sub(/^\[[^]]*\] */, "")
            deleted = sub(/^Deleted /, "")
            if ($1 == address && (deleted ? "deleted" : "added") == what && at + 0 >= since + 0) {print at; exit}
        }' "$work/routes.log"
}
# withdrawal_heard ADDRESS SINCE: when the router's BGP took it. The table tells of its change some time after that change.
withdrawal_heard() {
    awk -v address="$1" -v since="$2" "$awk_epoch"'
        / > removed \[/ && index($0, " " address "/") {
            at = epoch($1 " " $2)
            if (at + 0 >= since + 0) {print at; exit}
        }' "$work/bird.log"
}
# route_changes SINCE [LOG]: how often our VIPs came or went in that router's table.
route_changes() { awk -v since="$1" -v a="$vip4" -v b="$vip6" "$awk_epoch"'
    /^\[/ && epoch(substr($1, 2)) + 0 >= since + 0 && (index($0, a) || index($0, b)) {count++}
    END {print count + 0}' "$work/${2:-routes.log}"; }

# --- what the kernel of the balancer knows ---

table() { in_ns lb ipvsadm -Ln --sort; }
# weight ADDRESS: of that destination, wherever it is; empty when it is not there.
weight() {
    local found row="-> \\[?${1//./\\.}]?:80 +[A-Za-z]+ +([0-9]+)"
    found=$(table)
    [[ ! $found =~ $row ]] || echo "${BASH_REMATCH[1]}"
}
# count_in_table VARIABLE ADDRESS...: how many of these destinations are there.
count_in_table() {
    local found address sum=0
    found=$(table)
    for address in "${@:2}"; do
        [[ $found != *"-> $address:80 "* && $found != *"-> [$address]:80 "* ]] || sum=$((sum + 1))
    done
    printf -v "$1" %d "$sum"
}
in_table() {  # ADDRESS...: all of them
    local count
    count_in_table count "$@"
    [ "$count" = $# ]
}
not_in_table() {  # ADDRESS...: none of them
    local count
    count_in_table count "$@"
    [ "$count" = 0 ]
}
rs4() { echo "10.3.$1.10"; }
rs6() { echo "fd03:$1::10"; }
pooled() { with_addresses in_table "$@"; }  # N...: in both families
depooled() { with_addresses not_in_table "$@"; }
with_addresses() {  # FUNCTION N...
    local number addresses=()
    for number in "${@:2}"; do addresses+=("10.3.$number.10" "fd03:$number::10"); done
    "$1" "${addresses[@]}"
}

# --- what was written to it, seen from outside ---

# ipvs_writes SINCE [PATTERN]: how many write requests (of that kind) were sent to IPVS.
ipvs_writes() {
    awk -v since="$1" -v pattern="${2:-.}" '$2 == "request" && $3 == "ipvs" && $1 >= since && $4 ~ pattern {n++}
        END {print n + 0}' "$work/netlink.log"
}
# weights_written SINCE ADDRESS: what those destinations were given, in order, at most 255. ADDRESS: how theirs begin, in
# hexadecimal (a pattern). The weight is the kernel's attribute 4 of a destination, 32 bit, little end first.
weights_written() {
    local weight
    for weight in $(awk -v since="$1" -v address=";/1=($2)" '
        $1 >= since && $2 == "request" && $4 ~ /_dest$/ && $0 ~ address && match($0, /;4=[0-9a-f]+;5=/) {
            print substr($0, RSTART + 3, 2)
        }' "$work/netlink.log"); do echo $((16#$weight)); done | xargs
}
# needless_writes: acknowledged writes to IPVS that said of an entry what the last one had said of it already.
needless_writes() {
    awk '
        $2 == "request" && $3 == "ipvs" {command[$5] = $4; which[$5] = $7; what[$5] = $8; line[$5] = $0}
        $2 == "answer" && $4 in command {
            name = command[$4]; entry = which[$4]
            if ($3 == 0 && name ~ /^(new|set)_(service|dest)$/) {
                if (said[entry] == what[$4]) print line[$4]
                said[entry] = what[$4]
            }
            if ($3 == 0 && name == "flush") delete said
            if ($3 == 0 && name ~ /^del_/)
                for (other in said) if (other == entry || index(other, entry "/") == 1) delete said[other]
            delete command[$4]
        }' "$work/netlink.log"
}
# first_write SINCE PATTERN, last_acknowledgement SINCE PATTERN [v4|v6]: times.
first_write() { awk -v since="$1" -v pattern="$2" '$2 == "request" && $1 >= since && $4 ~ pattern {print $1; exit}' "$work/netlink.log"; }
last_acknowledgement() {
    awk -v since="$1" -v pattern="$2" -v family="${3:-.}" '
        $2 == "request" && $1 >= since && $4 ~ pattern && $6 ~ family {asked[$5] = 1}
        $2 == "answer" && $3 == 0 && $4 in asked {at = $1; delete asked[$4]}
        END {print at}' "$work/netlink.log"
}

# --- clients: one line for each request, see lab_client ---

client_interval=200  # milliseconds; each request costs an emulated machine some
start_client() {  # NAME ADDRESS [PATH [INTERVAL_MS [TIMEOUT_MS]]]
    lab_in client lab_client "$2" 80 "${3:-/}" "${4:-$client_interval}" "${5:-2000}" >>"$work/$1.requests" 2>>"$work/client.log" &
    echo $! >"$work/$1.client"
}
start_clients() {
    start_client v4 "$vip4"
    start_client v6 "$vip6"
}
start_downloads() {  # 500 kB at 50 kB/s each, one begun a second
    start_client download4 "$vip4" /download 1000 30000
    start_client download6 "$vip6" /download 1000 30000
}
stop_client() {  # NAME...: no new requests, the open ones end
    local name process
    for name; do kill -TERM "$(<"$work/$name.client")"; done
    for name; do
        process=$(<"$work/$name.client")
        while kill -0 "$process" 2>/dev/null; do sleep 0.05; done
    done
}
requests() { awk -v a="$2" -v b="${3:-1e12}" '$1 >= a && $1 < b {n++} END {print n + 0}' "$work/$1.requests"; }
failures_of() {  # NAME SINCE [UNTIL]: requests begun then that were not answered in full
    awk -v a="$2" -v b="${3:-1e12}" '$1 >= a && $1 < b && $3 != "ok" {n++} END {print n + 0}' "$work/$1.requests"
}
answered() { grep -q ' ok ' "$work/v4.requests" && grep -q ' ok ' "$work/v6.requests"; }
ended_in_failure() {  # NAME SINCE UNTIL: requests that were begun and over then, and not answered in full
    awk -v a="$2" -v b="$3" '$1 >= a && $2 < b && $3 != "ok" {n++} END {print n + 0}' "$work/$1.requests"
}
answered_by() {  # NAME SINCE [UNTIL]: "rs1 12 rs2 24"
    awk -v a="$2" -v b="${3:-1e12}" '$1 >= a && $1 < b && $3 == "ok" {n[$4]++}
        END {for (s in n) print s, n[s]}' "$work/$1.requests" | sort | xargs
}
share_of() {  # NAME SERVER SINCE: percent of the answered requests
    awk -v server="$2" -v a="$3" '$1 >= a && $3 == "ok" {all++; if ($4 == server) n++}
        END {printf "%d", all ? 100 * n / all + 0.5 : 0}' "$work/$1.requests"
}
answers() { [ "$(in_ns client curl -s -o /dev/null -m 2 -w '%{http_code}' "http://$(bracketed "$1")/")" = 200 ]; }
bracketed() { case $1 in *:*) echo "[$1]" ;; *) echo "$1" ;; esac; }
# no_failures TEXT SINCE [UNTIL]: of both clients, which must have asked at all. With UNTIL (something breaks then):
# requests begun and over in between, as one that is under way at that moment may meet what breaks.
no_failures() {
    local client found asked
    for client in v4 v6; do
        found=$(awk -v client="$client" -v a="$2" -v b="${3:-1e12}" '
            $1 >= a && $1 < b {asked++}
            $1 >= a && $2 < b && $3 != "ok" {print "       failed:", client, $0; failed++}
            END {print asked + 0, failed + 0}' "$work/$client.requests")
        [[ $found != *$'\n'* ]] || echo "${found%$'\n'*}"
        read -r asked found <<<"${found##*$'\n'}"
        expect "$client: requests were made" [ "$asked" -gt 0 ]
        expect_equal "$client: $1, failed of $asked" "$found" 0
    done
}
