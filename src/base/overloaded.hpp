#pragma once
// std::visit over a closed set with one lambda a case.

namespace vipd {

template <class... Cases>
struct overloaded : Cases... {
    using Cases::operator()...;
};

// clang 14, which the fuzzers and clang-tidy are built with, does not deduce this by itself.
template <class... Cases>
overloaded(Cases...) -> overloaded<Cases...>;

}  // namespace vipd
