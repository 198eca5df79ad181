#pragma once
// A store that a test opens in a folder of its own.

#include "src/state/state_store.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <utility>

namespace vipd::test {

inline StateStore opened(const std::string& folder) {
    auto store = StateStore::open(folder);
    REQUIRE(store.has_value());
    return std::move(*store);
}

}  // namespace vipd::test
