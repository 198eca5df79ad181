#pragma once
// Administrative state: what an operator wants of a server, from config or at run time. Nothing
// else changes it.

#include <cstdint>
#include <optional>
#include <string_view>

namespace vipd {

enum class Admin : std::uint8_t { enabled, draining, disabled };

constexpr std::string_view to_string(Admin admin) {
    switch (admin) {
        case Admin::enabled:
            return "enabled";
        case Admin::draining:
            return "draining";
        case Admin::disabled:
            return "disabled";
    }
    return "invalid";
}

}  // namespace vipd
