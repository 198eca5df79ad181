#include "bgp/capability.hpp"
#include "bgp/message.hpp"
#include "test/fuzz/targets.hpp"

namespace vipd::fuzz {

using namespace vipd::bgp;

void bgp_open(std::span<const std::uint8_t> data) {
    Capabilities capabilities;
    if (decode_capabilities(data, capabilities)) {
        require(capabilities.families.size() <= 2);
        require(!capabilities.multiprotocol || capabilities.codes.contains(1));
    }

    const auto message = decode(MessageType::open, data, {});
    if (!message) {
        require(message.error().notification.code == ErrorCode::open_message);
        return;
    }
    const auto& open = std::get<Open>(*message);
    require(open.as() != 0 && open.router_id != 0);
    require(open.hold_time.count() != 1 && open.hold_time.count() != 2);
    if (open.capabilities.graceful_restart) {
        require(open.capabilities.graceful_restart->restart_time.count() <= 4095);
    }
}

}  // namespace vipd::fuzz
