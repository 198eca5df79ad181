#pragma once
// What a check says in one datagram and how it judges those that come back. Sans-I/O. One
// implementation for each monitor type that speaks so.

#include "monitors/dialogue.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace vipd::monitors {

class DatagramDialogue {
public:
    DatagramDialogue() = default;
    virtual ~DatagramDialogue() = default;
    DatagramDialogue(const DatagramDialogue&) = delete;
    DatagramDialogue& operator=(const DatagramDialogue&) = delete;

    /// The datagram to send.
    virtual std::string request() const = 0;
    /// A datagram came back. Nothing means that it is not an answer to ours, and waiting goes on.
    virtual std::optional<Finding> receive(std::string_view datagram) = 0;
    /// The deadline has passed. Nothing means that an answer was needed, which the caller words.
    virtual std::optional<Finding> silence() const { return std::nullopt; }
};

}  // namespace vipd::monitors
