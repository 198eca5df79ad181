#pragma once
// When every story of these tests begins: no clock's own zero.

#include "src/base/time.hpp"

namespace vipd::test {

constexpr TimePoint start{std::chrono::hours{1}};

}  // namespace vipd::test
