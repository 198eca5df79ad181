#pragma once
// DNS messages of the dns monitor: one query, and what its answer is worth (RFC 1035). Pure; ldns
// does the wire format.

#include "monitors/check.hpp"
#include "monitors/dialogue.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace vipd::monitors {

/// The query on the wire, without the length that TCP puts before it. Empty if the name is not one.
std::string dns_query(const DnsCheck& check, std::uint16_t id);

/// Judges a message. Nothing if it is no answer to our question: another id, another question, or a
/// query itself.
std::optional<Finding> judge_dns(const DnsCheck& check, std::uint16_t id, std::string_view message);

}  // namespace vipd::monitors
