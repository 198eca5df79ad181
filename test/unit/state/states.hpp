#pragma once
// A state with something in every field.

#include "src/state/state.hpp"

namespace vipd::test {

inline WallTime wall(std::int64_t milliseconds) {
    return WallTime(std::chrono::milliseconds(milliseconds));
}

inline SavedOverride override_by(const std::string& who) {
    return {.state = Admin::disabled,
            .who = who,
            .why = "disk \"broken\"",
            .since = wall(1000),
            .until = wall(9000)};
}

inline State full_state() {
    State state;
    state.boot_id = "6f1c";
    state.saved_at = wall(1'700'000'000'123);
    state.running = true;
    state.unclean_starts = {wall(1), wall(2)};
    state.owned_services = {ipvs::VirtualEndpoint{.protocol = ipvs::Protocol::udp,
                                                  .endpoint = *Endpoint::parse("[2001:db8::1]:53")},
                            ipvs::VirtualEndpoint{.endpoint = *Endpoint::parse("203.0.113.10:443")},
                            ipvs::FirewallMark{.mark = 7, .family = Family::ipv6}};
    state.owned_addresses = {{.interface = "lo", .address = *Address::parse("203.0.113.10")}};
    state.overrides[{"text-https", "cp1"}] = override_by("root");
    state.overrides[{"text-https", "cp2"}] = {
        .state = Admin::draining, .who = "", .why = "", .since = wall(5), .until = {}};
    state.maintenance["text"] = override_by("alice");
    state.maintenance[""] = override_by("bob");
    SavedService service;
    service[{"cp1", Family::ipv4}] = {.health = monitors::Health::down,
                                      .monitors = {monitors::Health::up, monitors::Health::unknown},
                                      .since = wall(77),
                                      .went_down = wall(76)};
    service[{"cp1", Family::ipv6}] = {
        .health = monitors::Health::up, .monitors = {}, .since = {}, .went_down = {}};
    state.services["text-https"] = std::make_shared<const SavedService>(service);
    state.services["empty"] = std::make_shared<const SavedService>();
    state.announced = {*Address::parse("203.0.113.10"), *Address::parse("2001:db8:f::10")};
    state.lists = {{"/etc/vipd/g.json", wall(1'700'000'000'007)}};
    state.names["cp2.example.org"] = {
        {{Family::ipv4, *Address::parse("10.0.0.12")}, {Family::ipv6, *Address::parse("::12")}},
        wall(1'700'000'000'008)};
    return state;
}

inline AcceptedConfig accepted_config() {
    return {.file = "/etc/vipd/vipd.json",
            .node = "lb1",
            .texts = {{"/etc/vipd/vipd.json", R"({"version": 1,
                "groups": {"g": {"servers_file": "g.json"}},
                "vips": {"web": {"addresses": ["203.0.113.10"]}},
                "services": {"http": {"vip": "web", "port": 80, "servers": "g", "monitors": []}}})"},
                      {"/etc/vipd/g.json", R"({"10.0.0.1": {}})"}}};
}

}  // namespace vipd::test
