#pragma once
// One timer that calls one function, and never after it was destroyed. On the thread of its
// io_context.

#include "src/base/time.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <functional>
#include <memory>
#include <optional>

namespace vipd::bgp {

class Alarm {
public:
    Alarm(boost::asio::io_context& io, std::function<void()> ring);
    ~Alarm();
    Alarm(const Alarm&) = delete;
    Alarm& operator=(const Alarm&) = delete;

    /// When to ring next, once; nothing: not at all.
    void set(std::optional<TimePoint> at);

private:
    /// Shared with the waiting handler, which may run after the alarm is gone.
    struct State {
        boost::asio::steady_timer timer;
        std::function<void()> ring;
        std::optional<TimePoint> at;
        bool alive = true;
    };
    std::shared_ptr<State> state_;
};

}  // namespace vipd::bgp
