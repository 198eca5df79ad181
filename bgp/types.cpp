#include "bgp/types.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

namespace vipd::bgp {

namespace {

// The IANA registry "BGP Well-known Communities".
constexpr std::array<std::pair<std::string_view, Community>, 8> well_known_communities{{
    {"graceful-shutdown", 0xffff0000U},
    {"llgr-stale", 0xffff0006U},
    {"no-llgr", 0xffff0007U},
    {"blackhole", 0xffff029aU},
    {"no-export", 0xffffff01U},
    {"no-advertise", 0xffffff02U},
    {"no-export-subconfed", 0xffffff03U},
    {"no-peer", 0xffffff04U},
}};

/// Takes a decimal number up to `limit` off the front of `text`.
std::optional<std::uint32_t> take_number(std::string_view& text, std::uint32_t limit) {
    std::uint32_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{} || number > limit) return std::nullopt;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    return number;
}

bool take_colon(std::string_view& text) {
    if (text.empty() || text.front() != ':') return false;
    text.remove_prefix(1);
    return true;
}

template <class T>
void add_sorted(std::vector<T>& values, const std::vector<T>& added) {
    values.insert(values.end(), added.begin(), added.end());
    std::ranges::sort(values);
    values.erase(std::unique(values.begin(), values.end()), values.end());
}

}  // namespace

std::string Prefix::to_string() const {
    return address.to_string() + "/" + std::to_string(length);
}

Prefix Prefix::host(const Address& address) {
    return {address, static_cast<std::uint8_t>(address.is_ipv4() ? 32 : 128)};
}

std::optional<Community> parse_community(std::string_view text) {
    for (const auto& [name, value] : well_known_communities) {
        if (name == text) return value;
    }
    const auto high = take_number(text, 0xffff);
    if (!high || !take_colon(text)) return std::nullopt;
    const auto low = take_number(text, 0xffff);
    if (!low || !text.empty()) return std::nullopt;
    return (*high << 16U) | *low;
}

std::string to_string_community(Community community) {
    for (const auto& [name, value] : well_known_communities) {
        if (value == community) return std::string(name);
    }
    return std::to_string(community >> 16U) + ":" + std::to_string(community & 0xffffU);
}

std::optional<LargeCommunity> parse_large_community(std::string_view text) {
    const auto global = take_number(text, 0xffffffff);
    if (!global || !take_colon(text)) return std::nullopt;
    const auto local1 = take_number(text, 0xffffffff);
    if (!local1 || !take_colon(text)) return std::nullopt;
    const auto local2 = take_number(text, 0xffffffff);
    if (!local2 || !text.empty()) return std::nullopt;
    return LargeCommunity{*global, *local1, *local2};
}

std::string to_string(const LargeCommunity& community) {
    return std::to_string(community.global) + ":" + std::to_string(community.local1) + ":" +
           std::to_string(community.local2);
}

std::string_view to_string(SessionState state) {
    switch (state) {
        case SessionState::idle:
            return "idle";
        case SessionState::connect:
            return "connect";
        case SessionState::active:
            return "active";
        case SessionState::open_sent:
            return "open-sent";
        case SessionState::open_confirm:
            return "open-confirm";
        case SessionState::established:
            return "established";
    }
    return "unknown";
}

void add_communities(RouteAttributes& attributes, const std::vector<Community>& communities,
                     const std::vector<LargeCommunity>& large_communities) {
    add_sorted(attributes.communities, communities);
    add_sorted(attributes.large_communities, large_communities);
}

}  // namespace vipd::bgp
