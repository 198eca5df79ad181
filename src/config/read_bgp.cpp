#include "src/config/read_bgp.hpp"

#include "src/config/duration.hpp"
#include "src/config/read_communities.hpp"

#include <limits>

namespace vipd {

namespace {

using Kind = JsonValue::Kind;
using namespace std::chrono_literals;

constexpr std::uint64_t last_as = 4294967294;  // 4294967295 is reserved (RFC 7300)
constexpr bgp::AsNumber as_trans = 23456;  // RFC 6793 §9
constexpr bgp::AsNumber last_two_octet_as = 65535;  // reserved (RFC 7300)

template <class T>
void read_as(ObjectReader& reader, std::string_view key, T& into) {
    reader.read(key, into, "an AS number from 1 to 4294967294, not 23456 or 65535",
                [](const JsonValue& value) -> std::optional<bgp::AsNumber> {
                    const auto number = ObjectReader::whole_number(value, 1, last_as);
                    if (!number || *number == as_trans || *number == last_two_octet_as)
                        return std::nullopt;
                    return static_cast<bgp::AsNumber>(*number);
                });
}

// RFC 4271 §4.2: zero, or at least three seconds, in 16 bits of seconds.
void read_hold_time(ObjectReader& reader, Duration& into) {
    reader.read("hold_time", into, "\"0s\" (never) or whole seconds from \"3s\" to \"65535s\"",
                [](const JsonValue& value) -> std::optional<Duration> {
                    const auto time =
                        value.is(Kind::string) ? parse_duration(value.text) : std::nullopt;
                    if (!time || *time % 1s != 0ms) return std::nullopt;
                    const bool allowed = *time == 0s || (*time >= 3s && *time <= 65535s);
                    return allowed ? time : std::nullopt;
                });
}

void read_families(ObjectReader& reader, std::set<Family>& into) {
    std::vector<Family> families(into.begin(), into.end());
    reader.list("families", families, 1, 2, R"("ipv4" or "ipv6")", [](const JsonValue& value) {
        std::optional<Family> family;
        if (value.is(Kind::string) && value.text == "ipv4") family = Family::ipv4;
        if (value.is(Kind::string) && value.text == "ipv6") family = Family::ipv6;
        return family;
    });
    into = {families.begin(), families.end()};
}

// TTL security and multihop contradict each other (RFC 5082 §3): the one written here wins over an
// inherited other one.
void read_hops(ObjectReader& reader, PeerConfig& peer) {
    if (reader.has("multihop")) peer.ttl_security_hops.reset();
    if (reader.has("ttl_security_hops")) peer.multihop.reset();
    reader.integer("ttl_security_hops", peer.ttl_security_hops, 1, 254);
    reader.integer("multihop", peer.multihop, 1, 255);
}

// RFC 4724 §3: twelve bits of seconds. false turns it off; an object turns it on again.
void read_graceful_restart(ObjectReader& reader, std::optional<Duration>& into) {
    const auto* value = reader.find("graceful_restart");
    if (value == nullptr) return;
    if (value->is(Kind::boolean) && !value->boolean) {
        into.reset();
        return;
    }
    if (!value->is(Kind::object)) {
        reader.reject("graceful_restart", *value, R"(false or {"restart_time": "30s"})");
        return;
    }
    bool enabled = true;
    auto time = into.value_or(*PeerConfig{}.graceful_restart);
    reader.object("graceful_restart", [&](ObjectReader& nested) {
        nested.boolean("enabled", enabled);
        nested.seconds("restart_time", time, 1s, 4095s);
    });
    into = enabled ? std::optional(time) : std::nullopt;
}

// What is different about our routes for this peer.
void read_overrides(ObjectReader& reader, PeerConfig& peer) {
    reader.integer("med", peer.med);
    reader.integer("local_pref", peer.local_pref);
    reader.integer("prepend", peer.prepend, 0, 32);
    read_communities(reader, peer.communities, peer.large_communities);
    std::vector<std::string> vips;
    reader.list("vips", vips, 1, 65535, "the name of a VIP", [](const JsonValue& value) {
        const bool fits = value.is(Kind::string) && is_name(value.text);
        return fits ? std::optional(value.text) : std::nullopt;
    });
    if (!vips.empty()) peer.vips = std::set<std::string>(vips.begin(), vips.end());
}

std::optional<bgp::RouterId> router_id_of(const JsonValue& value) {
    const auto address = ObjectReader::address_of(value);
    if (!address || !address->is_ipv4() || address->is_unspecified()) return std::nullopt;
    bgp::RouterId id = 0;
    for (const auto byte : address->bytes())
        id = id << 8U | byte;
    return id;
}

PeerConfig read_peer(const JsonValue& value, std::string pointer, const Folders& folders,
                     const PeerConfig& base, Problems& problems) {
    ObjectReader reader(value, std::move(pointer), problems);
    auto peer = base;
    reader.require("address", "the router's IP address");
    reader.address("address", peer.address);
    read_peer_settings(reader, folders, peer);
    reader.finish();
    return peer;
}

}  // namespace

void read_peer_settings(ObjectReader& reader, const Folders& folders, PeerConfig& peer) {
    read_as(reader, "remote_as", peer.remote_as);
    reader.integer("port", peer.port, 1, 65535, "a port");
    reader.address("local_address", peer.local_address);
    reader.boolean("passive", peer.passive);
    read_hold_time(reader, peer.hold_time);
    read_families(reader, peer.families);
    read_address_of_each_family(reader, "next_hop", peer.next_hop);
    read_hops(reader, peer);
    read_graceful_restart(reader, peer.graceful_restart);
    read_overrides(reader, peer);
    reader.integer("max_prefixes", peer.max_prefixes, 1, std::numeric_limits<std::uint32_t>::max());
    reader.path("password_file", peer.password_file, folders);
}

BgpConfig read_bgp(ObjectReader& reader, const Folders& folders, const PeerConfig& base) {
    BgpConfig bgp;
    reader.require("local_as", "our AS number");
    reader.require("router_id", "our BGP identifier, written like an IPv4 address");
    reader.require("peers", "an object of at least one peer");
    read_as(reader, "local_as", bgp.local_as);
    reader.read("router_id", bgp.router_id,
                "a BGP identifier written like an IPv4 address, not 0.0.0.0", router_id_of);
    read_endpoints(reader, "listen", bgp.listen);
    read_address_of_each_family(reader, "next_hop", bgp.next_hop);
    reader.named("peers", "an object of at least one peer",
                 [&](const std::string& name, const JsonValue& value, std::string pointer) {
                     bgp.peers.emplace(name, read_peer(value, std::move(pointer), folders, base,
                                                       reader.problems()));
                 });
    return bgp;
}

void read_endpoints(ObjectReader& reader, std::string_view key, std::vector<Endpoint>& into) {
    reader.list(key, into, 0, 64, R"(an address and port such as "127.0.0.1:9180" or "[::]:179")",
                [](const JsonValue& value) {
                    const auto endpoint =
                        value.is(Kind::string) ? Endpoint::parse(value.text) : std::nullopt;
                    return endpoint && endpoint->port != 0 ? endpoint : std::nullopt;
                });
}

}  // namespace vipd
