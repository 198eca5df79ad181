#include "monitors/dns_message.hpp"

#include "monitors/text.hpp"

#include <ldns/ldns.h>

#include <algorithm>
#include <memory>
#include <vector>

namespace vipd::monitors {

namespace {

struct PacketDelete {
    void operator()(ldns_pkt* packet) const { ldns_pkt_free(packet); }
};
using Packet = std::unique_ptr<ldns_pkt, PacketDelete>;

struct NameDelete {
    void operator()(ldns_rdf* name) const { ldns_rdf_deep_free(name); }
};
using Name = std::unique_ptr<ldns_rdf, NameDelete>;

struct TextDelete {
    void operator()(char* text) const { ::free(text); }
};

Name parse_name(const std::string& text) {
    return Name(ldns_dname_new_frm_str(text.c_str()));
}

std::string rcode_text(unsigned rcode) {
    const auto* entry = ldns_lookup_by_id(ldns_rcodes, static_cast<int>(rcode));
    return entry != nullptr ? entry->name : "rcode " + std::to_string(rcode);
}

std::string accepted_rcodes(const DnsCheck& check) {
    std::string text;
    for (const auto rcode : check.rcodes) {
        if (!text.empty()) text += ", ";
        text += rcode_text(rcode);
    }
    return text;
}

bool is_our_question(const ldns_pkt* packet, const DnsCheck& check) {
    const auto* questions = ldns_pkt_question(packet);
    if (questions == nullptr || ldns_rr_list_rr_count(questions) != 1) return false;
    const auto* question = ldns_rr_list_rr(questions, 0);
    const auto name = parse_name(check.name);
    return name && ldns_rr_get_type(question) == static_cast<ldns_rr_type>(check.type) &&
           ldns_dname_compare(ldns_rr_owner(question), name.get()) == 0;
}

/// The data of a record, as dig +short shows it.
std::string data_text(const ldns_rr* record) {
    std::string text;
    for (std::size_t i = 0; i < ldns_rr_rd_count(record); ++i) {
        const std::unique_ptr<char, TextDelete> field(ldns_rdf2str(ldns_rr_rdf(record, i)));
        if (i > 0) text += ' ';
        if (field) text += field.get();
    }
    return text;
}

std::vector<std::string> answers(const ldns_pkt* packet, const DnsCheck& check) {
    std::vector<std::string> found;
    const auto* records = ldns_pkt_answer(packet);
    for (std::size_t i = 0; i < ldns_rr_list_rr_count(records); ++i) {
        const auto* record = ldns_rr_list_rr(records, i);
        if (ldns_rr_get_type(record) == static_cast<ldns_rr_type>(check.type))
            found.push_back(data_text(record));
    }
    return found;
}

std::string list_text(const std::vector<std::string>& items) {
    constexpr std::size_t most = 5;
    std::string text;
    for (std::size_t i = 0; i < std::min(items.size(), most); ++i) {
        if (i > 0) text += ", ";
        text += quoted(items[i]);
    }
    if (items.size() > most) text += " and " + std::to_string(items.size() - most) + " more";
    return items.empty() ? "none" : text;
}

Finding judge_answers(const ldns_pkt* packet, const DnsCheck& check) {
    const auto found = answers(packet, check);
    for (const auto& wanted : check.answers) {
        const bool there = std::ranges::any_of(found, [&wanted](const std::string& answer) {
            return equal_ignoring_case(answer, wanted);
        });
        if (there) continue;
        if (ldns_pkt_tc(packet))
            return {
                false,
                {"dns-truncated", "the answer does not fit into UDP and lacks " + quoted(wanted)}};
        return {
            false,
            {"dns-answer", "got " + list_text(found) + ", accepted those with " + quoted(wanted)}};
    }
    return {true, {"ok", rcode_text(ldns_pkt_get_rcode(packet))}};
}

}  // namespace

std::optional<std::uint16_t> dns_type(std::string_view name) {
    const auto type = ldns_get_rr_type_by_name(std::string(name).c_str());
    if (type == 0) return std::nullopt;
    return static_cast<std::uint16_t>(type);
}

std::optional<std::uint8_t> dns_rcode(std::string_view name) {
    const auto* entry = ldns_lookup_by_name(ldns_rcodes, std::string(name).c_str());
    if (entry == nullptr) return std::nullopt;
    return static_cast<std::uint8_t>(entry->id);
}

bool is_dns_name(const std::string& name) {
    return parse_name(name) != nullptr;
}

std::string dns_query(const DnsCheck& check, std::uint16_t id) {
    auto name = parse_name(check.name);
    if (!name) return {};
    const Packet packet(ldns_pkt_query_new(name.release(), static_cast<ldns_rr_type>(check.type),
                                           LDNS_RR_CLASS_IN, check.recursion ? LDNS_RD : 0));
    if (!packet) return {};
    ldns_pkt_set_id(packet.get(), id);
    std::uint8_t* bytes = nullptr;
    std::size_t length = 0;
    if (ldns_pkt2wire(&bytes, packet.get(), &length) != LDNS_STATUS_OK) return {};
    std::string query(reinterpret_cast<const char*>(bytes), length);
    ::free(bytes);
    return query;
}

std::optional<Finding> judge_dns(const DnsCheck& check, std::uint16_t id,
                                 std::string_view message) {
    const bool ours = message.size() >= 2 && static_cast<std::uint8_t>(message[0]) == id >> 8U &&
                      static_cast<std::uint8_t>(message[1]) == (id & 0xffU);
    if (!ours) return std::nullopt;
    ldns_pkt* parsed = nullptr;
    const auto status = ldns_wire2pkt(
        &parsed, reinterpret_cast<const std::uint8_t*>(message.data()), message.size());
    const Packet packet(parsed);
    if (status != LDNS_STATUS_OK) {
        return Finding{false,
                       {"dns-invalid", std::string("got a message that cannot be read: ") +
                                           ldns_get_errorstr_by_id(status)}};
    }
    const auto rcode = static_cast<std::uint8_t>(ldns_pkt_get_rcode(packet.get()));
    // A server that could not even read the query need not repeat it (RFC 1035 section 4.1.1,
    // format error).
    const bool format_error = rcode == LDNS_RCODE_FORMERR && ldns_pkt_qdcount(packet.get()) == 0;
    if (!ldns_pkt_qr(packet.get()) || (!format_error && !is_our_question(packet.get(), check)))
        return std::nullopt;
    if (std::ranges::find(check.rcodes, rcode) == check.rcodes.end()) {
        return Finding{
            false,
            {"dns-rcode", "got " + rcode_text(rcode) + ", accepted " + accepted_rcodes(check)}};
    }
    return judge_answers(packet.get(), check);
}

}  // namespace vipd::monitors
