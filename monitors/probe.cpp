#include "monitors/probe.hpp"

#include "monitors/socket.hpp"

namespace vipd::monitors {

Step socket_failure(int error) {
    auto reason = socket_reason(error);
    if (is_own_fault(error)) return Step::own_fault(std::move(reason));
    return Step::done({.success = false, .reason = std::move(reason)});
}

}  // namespace vipd::monitors
