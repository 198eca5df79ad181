#pragma once
// One snapshot with a bit of everything: held and down servers, both families, a VIP that waits, a
// peer that is down.

#include "src/status/snapshot.hpp"

#include <memory>
#include <string>

namespace vipd {

/// Time of the example's `made`: 2026-11-21T05:00:00Z.
Snapshot example_snapshot();

/// A server that is up, enabled and pooled, in all of the pictures.
ServerView healthy_server(const std::string& name, const std::string& address);

/// So many services with so many servers each, all healthy, for questions of size.
Snapshot large_snapshot(std::size_t services, std::size_t servers);

inline bool says(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

}  // namespace vipd
