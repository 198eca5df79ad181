#include "bgp/framer.hpp"
#include "bgp/message.hpp"
#include "test/fuzz/targets.hpp"

#include <algorithm>

namespace vipd::fuzz {

namespace {

using namespace vipd::bgp;

void check(const Prefix& prefix) {
    require(prefix.length <= (prefix.address.is_ipv4() ? 32 : 128));
    Bytes encoded;
    Writer writer(encoded);
    encode_prefix(prefix, writer);
    require(encoded.size() == encoded_size(prefix));
    const auto again = decode_prefixes(encoded, prefix.address.family());
    require(again && again->size() == 1 && again->front() == prefix);
}

void check(const Update& update, const UpdateContext& context) {
    std::ranges::for_each(update.announced, [](const Prefix& prefix) { check(prefix); });
    std::ranges::for_each(update.withdrawn, [](const Prefix& prefix) { check(prefix); });
    require(update.severity != Severity::session_reset);
    require(update.severity != Severity::treat_as_withdraw || update.announced.empty());
    for (const auto& prefix : update.announced) {
        require(context.families.contains(prefix.address.family()));
    }
    for (const auto& problem : update.attributes.problems) {
        require(!to_string(problem.notification).empty());
        require(encode_notification(problem.notification).size() <= largest_message);
    }
}

/// False: the stream ends here.
bool take(const Decoded<Framer::Frame>& frame, const UpdateContext& context) {
    if (!frame) {
        require(!to_string(frame.error().notification).empty());
        return false;
    }
    const auto message = decode(frame->type, frame->body, context);
    if (!message) return false;
    if (const auto* update = std::get_if<Update>(&*message)) check(*update, context);
    if (const auto* notification = std::get_if<Notification>(&*message)) {
        require(to_string(*notification).size() < 2048);
    }
    return true;
}

}  // namespace

void bgp_message(std::span<const std::uint8_t> data) {
    if (data.empty()) return;
    const auto flags = data[0];
    const auto stream = data.subspan(1);
    UpdateContext context{.local_as = 65010,
                          .ibgp = (flags & 1U) != 0,
                          .four_octet_as = (flags & 2U) != 0,
                          .families = {}};
    if ((flags & 4U) != 0) context.families.insert(Family::ipv4);
    if ((flags & 8U) != 0) context.families.insert(Family::ipv6);

    Framer framer;
    const auto half = (flags & 16U) != 0 ? stream.size() / 2 : stream.size();
    for (const auto part : {stream.first(half), stream.subspan(half)}) {
        framer.feed(part);
        while (const auto frame = framer.next()) {
            if (!take(*frame, context)) return;
        }
        require(framer.buffered() < largest_message);
    }
}

}  // namespace vipd::fuzz
