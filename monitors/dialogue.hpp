#pragma once
// What a check says over an established stream and how it judges the answer. Sans-I/O: bytes in,
// bytes and findings out; no socket, no clock. One implementation for each monitor type that speaks
// over TCP or TLS.

#include "src/base/reason.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace vipd::monitors {

/// What a check concluded.
struct Finding {
    bool success = false;
    Reason reason{};
    std::optional<std::uint32_t> weight{};  // what the server says of its capacity

    bool operator==(const Finding&) const = default;
};

class Dialogue {
public:
    Dialogue() = default;
    virtual ~Dialogue() = default;
    Dialogue(const Dialogue&) = delete;
    Dialogue& operator=(const Dialogue&) = delete;

    /// The stream is there; again if it was an old one that broke before anything was received on
    /// it. A finding ends the probe.
    virtual std::optional<Finding> begin() = 0;
    /// Bytes arrived. A finding ends the probe; nothing means that more is needed.
    virtual std::optional<Finding> receive(std::string_view bytes) = 0;
    /// The server closed its side. Nothing means "too early", which the caller words.
    virtual std::optional<Finding> end() = 0;

    /// Bytes to send, in order; taken after each of the calls above. Empty: nothing for now.
    virtual std::string take_output() = 0;

    /// After a finding: both sides are done with this exchange, and another may follow on the same
    /// stream.
    virtual bool leaves_stream_open() const { return false; }
};

}  // namespace vipd::monitors
