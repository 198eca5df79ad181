#pragma once
// Whether a server is to carry traffic: decided by the pool policy, never derived back from
// anything.

#include <cstdint>
#include <string_view>

namespace vipd {

/// held: down, but kept at full weight because of the depool threshold.
enum class Placement : std::uint8_t { pooled, held, depooled };

constexpr std::string_view to_string(Placement placement) {
    switch (placement) {
        case Placement::pooled:
            return "pooled";
        case Placement::held:
            return "held";
        case Placement::depooled:
            return "depooled";
    }
    return "invalid";
}

/// What BGP peers are to be told of a VIP address.
enum class Announcement : std::uint8_t { withdrawn, announced, draining };

constexpr std::string_view to_string(Announcement announcement) {
    switch (announcement) {
        case Announcement::withdrawn:
            return "withdrawn";
        case Announcement::announced:
            return "announced";
        case Announcement::draining:
            return "draining";
    }
    return "invalid";
}

}  // namespace vipd
