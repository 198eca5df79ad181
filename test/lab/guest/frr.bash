# A second router beside BIRD: FRR, on a link of its own to the balancer.
#
#   frr  10.5.0.1  fd05::1, AS 64610        lb  10.5.0.10  fd05::10

# For write_config: the session with it.
frr_peer='.bgp.peers.frr = {address: "10.5.0.1", remote_as: 64610, next_hop: {ipv4: "10.5.0.10", ipv6: "fd05::10"}}'

start_frr() {
    ip netns add frr
    ip -n frr link add eth0 type veth peer name frr netns lb
    ip -n frr -batch - <<-END
		link set lo up
		addr add 10.5.0.1/24 dev eth0
		addr add fd05::1/64 dev eth0 nodad
		link set eth0 up
	END
    ip -n lb -batch - <<-END
		addr add 10.5.0.10/24 dev frr
		addr add fd05::10/64 dev frr nodad
		link set frr up
	END
    in_ns frr ip -ts monitor route >"$work/frr_routes.log" &
    mkdir -p "$work/frr"
    echo "log file $work/zebra.log" >"$work/frr/zebra.conf"
    cat >"$work/frr/bgpd.conf" <<-END
		log file $work/frr.log
		router bgp 64610
		 bgp router-id 10.5.0.1
		 no bgp ebgp-requires-policy
		 timers bgp 3 9
		 neighbor 10.5.0.10 remote-as 64601
		 neighbor 10.5.0.10 passive
		 address-family ipv6 unicast
		  neighbor 10.5.0.10 activate
	END
    frr_daemon zebra
    within 10 "zebra listens" [ -S "$work/frr/zserv.api" ]
    frr_daemon bgpd
}

frr_daemon() {
    spawn frr "$1.output" "$1" -u root -g root -f "$work/frr/$1.conf" -i "$work/frr/$1.pid" \
        -z "$work/frr/zserv.api" --vty_socket "$work/frr" --moduledir "$work/frr"
}

routed_by_frr() { routed_in frr "$1" bgp; }  # ADDRESS
not_routed_by_frr() { ! routed_by_frr "$1"; }
announced_to_frr() { routed_by_frr "$vip4" && routed_by_frr "$vip6"; }
