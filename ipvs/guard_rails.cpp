#include "ipvs/guard_rails.hpp"

#include <algorithm>
#include <array>
#include <string_view>

namespace vipd::ipvs {

namespace {

constexpr std::uint32_t flag(SchedulerFlag value) {
    return static_cast<std::uint32_t>(value);
}

constexpr std::array<std::string_view, 14> schedulers = {
    "rr", "wrr", "lc", "wlc", "lblc", "lblcr", "dh", "sh", "sed", "nq", "fo", "ovf", "mh", "twos"};

bool hashes_sources(const ServiceOptions& options) {
    return options.scheduler == "mh" || options.scheduler == "sh";
}

/// They look at the weight only to see whether it is 0 (ip_vs_rr.c, ip_vs_lc.c, ip_vs_dh.c).
bool ignores_weights(const ServiceOptions& options) {
    return options.scheduler == "rr" || options.scheduler == "lc" || options.scheduler == "dh";
}

/// Absent for a firewall mark, which covers any port and protocol.
const VirtualEndpoint* endpoint_of(const ServiceKey& key) {
    return std::get_if<VirtualEndpoint>(&key);
}

class Inspection {
public:
    Inspection(const ServiceKey& key, const Service& service) : key_(key), service_(service) {}

    std::vector<Problem> run() && {
        check_scheduler();
        check_fallback();
        check_weights();
        check_one_packet();
        check_persistence();
        check_port();
        for (const auto& [key, destination] : service_.destinations) {
            check_address(key);
            check_forwarding(key, destination);
            check_tunnel(key, destination);
            check_numbers(key, destination);
        }
        return std::move(problems_);
    }

private:
    void found(Severity severity, std::string code, std::string what, std::string remedy) {
        problems_.push_back(
            {severity, std::move(code), std::move(what), std::move(remedy), std::nullopt});
    }
    void found(const DestinationKey& key, std::string code, std::string what, std::string remedy) {
        problems_.push_back(
            {Severity::error, std::move(code), std::move(what), std::move(remedy), key});
    }

    const ServiceOptions& options() const { return service_.options; }

    void check_scheduler() {
        if (std::ranges::find(schedulers, options().scheduler) == schedulers.end()) {
            found(Severity::error, "unknown-scheduler",
                  "there is no scheduler " + options().scheduler,
                  "use mh, sh, wrr, wlc, rr, lc, sed, nq, lblc, lblcr, dh, fo, ovf or twos");
        } else if (options().scheduler_flags != 0 && !hashes_sources(options())) {
            found(Severity::error, "scheduler-without-flags",
                  "scheduler " + options().scheduler + " has no flags",
                  "leave them out, or use mh or sh");
        } else if ((options().scheduler_flags & flag(SchedulerFlag::third)) != 0) {
            found(Severity::error, "unknown-scheduler-flag",
                  "scheduler " + options().scheduler + " has only the flags fallback and port",
                  "leave out the third");
        }
    }

    // A slot of a server with weight 0, or above its threshold, answers "no destination" unless
    // there is a fallback.
    void check_fallback() {
        if (!hashes_sources(options())) return;
        if ((options().scheduler_flags & flag(SchedulerFlag::fallback)) != 0) return;
        found(Severity::warning, "no-fallback",
              "scheduler " + options().scheduler +
                  " without fallback refuses the clients of a server with weight 0, so none can "
                  "be drained: it is removed at once",
              "add " + options().scheduler + "-fallback");
    }

    void check_weights() {
        if (!ignores_weights(options())) return;
        std::optional<std::int32_t> first;
        for (const auto& [key, destination] : service_.destinations) {
            if (destination.weight == 0) continue;
            if (first && *first != destination.weight) {
                found(Severity::warning, "weights-ignored",
                      "scheduler " + options().scheduler + " ignores the different weights",
                      "use wrr, wlc or mh");
                return;
            }
            first = destination.weight;
        }
    }

    void check_one_packet() {
        const VirtualEndpoint* endpoint = endpoint_of(key_);
        if (!options().one_packet || endpoint == nullptr) return;
        if (endpoint->protocol == Protocol::udp) return;
        found(Severity::error, "one-packet-needs-udp",
              "one-packet scheduling works for udp only, this is " + to_string(endpoint->protocol),
              "leave it out");
    }

    void check_persistence() {
        if (!options().persistence) return;
        const Persistence& persistence = *options().persistence;
        constexpr std::uint32_t longest = 31U * 24 * 60 * 60;  // as ipvsadm
        if (persistence.timeout_seconds < 1 || persistence.timeout_seconds > longest) {
            found(Severity::error, "persistence-timeout",
                  "a persistence timeout of " + std::to_string(persistence.timeout_seconds) + " s",
                  "use 1 s to 31 days");
        }
        const int most = family(key_) == Family::ipv4 ? 32 : 128;
        if (persistence.prefix_length < 1 || persistence.prefix_length > most) {
            found(Severity::error, "persistence-prefix",
                  "a client group of prefix length " + std::to_string(persistence.prefix_length),
                  "use 1 to " + std::to_string(most));
        }
        check_engine(persistence.engine);
    }

    void check_engine(const std::string& engine) {
        const VirtualEndpoint* endpoint = endpoint_of(key_);
        if (engine.empty()) return;
        if (engine != "sip") {
            found(Severity::error, "unknown-persistence-engine",
                  "there is no persistence engine " + engine, "use sip, or leave it out");
        } else if (endpoint != nullptr && endpoint->protocol != Protocol::udp) {
            found(Severity::error, "sip-needs-udp",
                  "the persistence engine sip reads udp packets only", "leave it out");
        }
    }

    void check_port() {
        const VirtualEndpoint* endpoint = endpoint_of(key_);
        if (endpoint == nullptr || endpoint->endpoint.port != 0 || options().persistence) return;
        found(Severity::error, "all-ports-need-persistence",
              "a service for all ports (port 0) must be persistent",
              "give it a port, or persistence");
    }

    void check_address(const DestinationKey& key) {
        if (!key.address.is_link_local() && !key.address.is_multicast() &&
            !key.address.is_unspecified())
            return;
        found(key, "not-unicast",
              key.address.to_string() + " is no address that traffic can be sent to",
              "use a global or private unicast address");
    }

    void check_forwarding(const DestinationKey& key, const Destination& destination) {
        if (destination.forwarding == Forwarding::nat || destination.forwarding == Forwarding::dr) {
            if (key.address.family() != family(key_)) {
                found(key, "families-differ",
                      to_string(destination.forwarding) + " cannot cross address families",
                      "use forwarding tunnel, or a server address of the VIP's family");
            }
        }
        if (destination.forwarding == Forwarding::nat) return;
        const VirtualEndpoint* endpoint = endpoint_of(key_);
        const std::uint16_t port = endpoint == nullptr ? 0 : endpoint->endpoint.port;
        if (key.port == port) return;
        found(key, "port-remapped",
              to_string(destination.forwarding) + " leaves the packet's port as it is",
              endpoint == nullptr ? "leave the server's port out, or use forwarding nat"
                                  : "use port " + std::to_string(port) + ", or forwarding nat");
    }

    void check_tunnel(const DestinationKey& key, const Destination& destination) {
        const Tunnel& tunnel = destination.tunnel;
        if (destination.forwarding != Forwarding::tunnel) {
            if (tunnel == Tunnel{}) return;
            found(key, "tunnel-options-without-tunnel",
                  "tunnel options have no effect with forwarding " +
                      to_string(destination.forwarding),
                  "leave them out");
            return;
        }
        if (tunnel.type == TunnelType::gue && tunnel.port == 0) {
            found(key, "gue-needs-port",
                  "a gue tunnel needs the udp port that the server listens on",
                  "add it (often 6080)");
        }
        if (tunnel.type != TunnelType::gue && tunnel.port != 0) {
            found(key, "port-needs-gue", "only gue tunnels have a port",
                  "leave it out, or use gue");
        }
        check_checksum(key, tunnel);
    }

    void check_checksum(const DestinationKey& key, const Tunnel& tunnel) {
        if (tunnel.type == TunnelType::ipip && tunnel.checksum != TunnelChecksum::none) {
            found(key, "ipip-has-no-checksum", "ipip tunnels carry no checksum",
                  "leave it out, or use gue or gre");
        }
        if (tunnel.type == TunnelType::gre && tunnel.checksum == TunnelChecksum::remote) {
            found(key, "remote-checksum-needs-gue", "remote checksum offload exists for gue only",
                  "use checksum full or none");
        }
    }

    void check_numbers(const DestinationKey& key, const Destination& destination) {
        if (destination.weight < 0 || destination.weight > 65535) {
            found(key, "weight", "a weight of " + std::to_string(destination.weight),
                  "use 0 to 65535");
        }
        if (destination.lower_threshold > destination.upper_threshold) {
            found(key, "thresholds",
                  "the lower threshold " + std::to_string(destination.lower_threshold) +
                      " is above the upper one " + std::to_string(destination.upper_threshold),
                  "make it at most that");
        }
    }

    const ServiceKey& key_;
    const Service& service_;
    std::vector<Problem> problems_;
};

}  // namespace

std::string to_string(Severity severity) {
    switch (severity) {
        case Severity::hint:
            return "hint";
        case Severity::warning:
            return "warning";
        case Severity::error:
            return "error";
    }
    return "severity-" + std::to_string(static_cast<int>(severity));
}

std::vector<Problem> check(const ServiceKey& key, const Service& service) {
    return Inspection(key, service).run();
}

}  // namespace vipd::ipvs
