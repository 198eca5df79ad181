#include "src/config/read_vip.hpp"

#include "src/config/read_communities.hpp"

namespace vipd {

namespace {

using Kind = JsonValue::Kind;
using namespace std::chrono_literals;

// linux/if.h IFNAMSIZ is 16 with the terminating zero; the kernel refuses '/', ':' and white space
// (dev_valid_name).
std::optional<std::string> interface_of(const JsonValue& value) {
    constexpr std::size_t longest = 15;
    auto name = ObjectReader::plain_text(value);
    if (!name || name->size() > longest || name->find_first_of("/: \t") != std::string::npos ||
        *name == "." || *name == "..") {
        return std::nullopt;
    }
    return name;
}

void read_when(ObjectReader& reader, std::optional<AnnounceWhen>& into) {
    const auto* value = reader.find("when");
    if (value == nullptr) return;
    if (value->is(Kind::object)) {
        AnnounceWhen when{.rule = AnnounceWhen::Rule::at_least};
        reader.object("when", [&when](ObjectReader& nested) {
            nested.require("at_least", "how many services must be fit");
            nested.integer("at_least", when.at_least, 1, 65535);
        });
        into = when;
    } else if (value->is(Kind::string) && value->text == "all") {
        into = AnnounceWhen{.rule = AnnounceWhen::Rule::all};
    } else if (value->is(Kind::string) && value->text == "any") {
        into = AnnounceWhen{.rule = AnnounceWhen::Rule::any};
    } else {
        reader.reject("when", *value, R"("all", "any" or {"at_least": n})");
    }
}

void read_attributes(ObjectReader& reader, bgp::RouteAttributes& attributes) {
    reader.integer("med", attributes.med);
    reader.integer("local_pref", attributes.local_pref);
    reader.integer("prepend", attributes.prepend, 0, 32);
    read_communities(reader, attributes.communities, attributes.large_communities);
}

void read_degraded(ObjectReader& reader, std::optional<DegradedConfig>& into) {
    reader.switched("degraded", R"(false or {"med": 100})", into,
                    [](ObjectReader& nested, DegradedConfig& degraded) {
                        nested.fraction("below", degraded.below);
                        nested.integer("steps", degraded.steps, 1, 10);
                        nested.integer("med", degraded.worse.med);
                        nested.integer("local_pref", degraded.worse.local_pref);
                        nested.integer("prepend", degraded.worse.prepend, 0, 32);
                        read_communities(nested, degraded.communities, degraded.large_communities);
                    });
}

void read_announce(ObjectReader& reader, VipConfig& vip) {
    read_when(reader, vip.when);
    reader.choice("families", vip.families_together, {{"separate", false}, {"together", true}});
    reader.duration("hold_down", vip.hold_down, 0s, 24h);
    reader.duration("min_interval", vip.min_interval, 0s, 10min);
    read_attributes(reader, vip.attributes);
    read_degraded(reader, vip.degraded);
}

}  // namespace

void read_vip_settings(ObjectReader& reader, VipConfig& vip) {
    reader.read("interface", vip.interface, "the name of a network interface (at most 15 bytes)",
                interface_of);
    reader.object("announce", [&vip](ObjectReader& nested) { read_announce(nested, vip); });
}

VipConfig read_vip(const JsonValue& value, std::string pointer, const VipConfig& base,
                   Problems& problems) {
    ObjectReader reader(value, std::move(pointer), problems);
    auto vip = base;
    reader.require("addresses", "an array of one IPv4 address, one IPv6 address or both");
    reader.list("addresses", vip.addresses, 1, 2, std::string(ObjectReader::address_rule),
                ObjectReader::address_of);
    read_vip_settings(reader, vip);
    reader.finish();
    return vip;
}

}  // namespace vipd
