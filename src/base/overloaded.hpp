#pragma once
// std::visit over a closed set with one lambda a case.

namespace vipd {

template <class... Cases>
struct overloaded : Cases... {
    using Cases::operator()...;
};

}  // namespace vipd
