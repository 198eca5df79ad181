#include "src/config/read_communities.hpp"

#include <algorithm>

namespace vipd {

namespace {

constexpr std::size_t most_communities = 64;

template <class T, class Parse>
void read_sorted(ObjectReader& reader, std::string_view key, std::vector<T>& into,
                 const std::string& element, Parse parse) {
    reader.list(key, into, 0, most_communities, element, [parse](const JsonValue& value) {
        return value.is(JsonValue::Kind::string) ? parse(value.text) : std::nullopt;
    });
    std::ranges::sort(into);
}

}  // namespace

void read_communities(ObjectReader& reader, std::vector<bgp::Community>& communities,
                      std::vector<bgp::LargeCommunity>& large_communities) {
    read_sorted(reader, "communities", communities,
                R"(a community such as "64600:100" or "no-export")",
                [](std::string_view text) { return bgp::parse_community(text); });
    read_sorted(reader, "large_communities", large_communities,
                R"(a large community such as "64600:1:2")",
                [](std::string_view text) { return bgp::parse_large_community(text); });
}

}  // namespace vipd
