#include "bgp/session.hpp"
#include "src/base/overloaded.hpp"
#include "test/fuzz/targets.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace vipd::fuzz {

namespace {

using namespace vipd::bgp;

constexpr std::size_t most_queued = 64 * 1024 + 2 * largest_message;

Bytes message_of(MessageType type, std::span<const std::uint8_t> body) {
    Bytes bytes;
    Writer writer(bytes);
    const auto begin = begin_message(type, writer);
    writer.bytes(body);
    finish_message(begin, writer);
    return bytes;
}

/// Plays a peer, a network and an operator by the script it reads.
class Script {
public:
    explicit Script(std::span<const std::uint8_t> data)
        : reader_(data),
          session_({.as = 65010, .router_id = 7, .restart = {}}, settings(), 1, now_) {}

    void play() {
        session_.start(now_);
        settle();
        while (!reader_.empty()) {
            one_event();
            settle();
        }
        check_status();
    }

private:
    PeerSettings settings() {
        const auto flags = reader_.u8();
        PeerSettings settings;
        settings.name = "fuzz";
        settings.remote_as = (flags & 1U) != 0 ? 65010 : 65001;
        settings.passive = (flags & 2U) != 0;
        settings.hold_time = std::chrono::seconds((flags & 4U) != 0 ? 0 : 9);
        settings.max_prefixes = 3;
        if ((flags & 8U) != 0) settings.graceful_restart = std::chrono::seconds(30);
        if ((flags & 16U) != 0) settings.next_hop[Family::ipv6] = *Address::parse("2001:db8::1");
        return settings;
    }

    void one_event() {
        const auto code = reader_.u8();
        const auto slot = (code & 0x80U) != 0 ? Slot::incoming : Slot::outgoing;
        switch (code & 0x0fU) {
            case 0:
                return connect(slot);
            case 1:
                return session_.lost(slot, {"tcp-reset", "fuzz"}, now_);
            case 2:
                return receive(slot, their_open());
            case 3:
                return receive(slot, encode_keepalive());
            case 4:
                return receive(slot, message_of(MessageType::update, reader_.take(length())));
            case 5:
                return receive(slot, copy(reader_.take(length())));
            case 6:
                return pass(std::chrono::milliseconds(reader_.u16()));
            case 7:
                return pass(std::chrono::seconds(reader_.u8()));
            case 8:
                return want();
            case 9:
                return write(slot, reader_.u8());
            case 10:
                return write(slot, 1U << 20U);
            case 11:
                return receive(slot, message_of(MessageType::notification, notification()));
            case 12:
                return receive(slot, message_of(MessageType::route_refresh, refresh()));
            case 13:
                return session_.initial_set_complete();
            case 14:
                return stop_and_start();
            default:
                return change();
        }
    }

    static Bytes copy(std::span<const std::uint8_t> bytes) { return {bytes.begin(), bytes.end()}; }
    std::size_t length() { return std::min<std::size_t>(reader_.u8(), reader_.left()); }
    std::array<std::uint8_t, 2> notification() { return {6, reader_.u8()}; }
    std::array<std::uint8_t, 4> refresh() { return {0, reader_.u8(), reader_.u8(), 1}; }

    Bytes their_open() {
        const auto flags = reader_.u8();
        Offer offer;
        offer.local_as = (flags & 1U) != 0 ? 65010 : 65001;
        offer.families.insert(Family::ipv4);
        if ((flags & 2U) != 0) offer.families.insert(Family::ipv6);
        const auto hold = std::chrono::seconds((flags & 4U) != 0 ? 0 : 3 + (flags >> 4U));
        return encode_open(offer, hold, (flags & 8U) != 0 ? 9 : 5);
    }

    void connect(Slot slot) {
        if (slot == Slot::incoming && session_.refusal()) return;
        if (slot == Slot::outgoing && !std::exchange(dialling_, false)) return;
        session_.connected(slot, *Address::parse("192.0.2.1"), now_);
    }

    void receive(Slot slot, const Bytes& bytes) { session_.received(slot, bytes, now_); }

    void pass(Duration time) {
        now_ += time;
        session_.tick(now_);
        const auto next = session_.next_deadline();
        require(!next || *next > now_);  // or the thread would spin
    }

    void want() {
        const std::array<std::uint8_t, 4> octets{10, 0, 0,
                                                 static_cast<std::uint8_t>(reader_.u8() % 8)};
        const auto choice = reader_.u8();
        const auto prefix = (choice & 0x80U) != 0 ? Prefix::host(*Address::parse("2001:db8::5"))
                                                  : Prefix::host(*Address::from_bytes(octets));
        RouteAttributes attributes;
        attributes.med = choice & 3U;
        if ((choice & 4U) != 0) attributes.communities.assign(choice * 8U, 5);
        if ((choice & 8U) != 0) {
            session_.want({{prefix, std::nullopt}}, now_);
        } else {
            session_.want({{prefix, attributes}}, now_);
        }
    }

    void write(Slot slot, std::size_t most) {
        const auto count = std::min(most, session_.output(slot).size());
        session_.written(slot, count, now_);
    }

    void stop_and_start() {
        session_.stop(Notification{ErrorCode::cease, cease::administrative_shutdown, {}},
                      {"shut-down", ""}, now_);
        settle();
        require(!session_.next_deadline());
        require(session_.status().state == SessionState::idle);
        dialling_ = false;
        session_.start(now_);
    }

    void change() {
        auto settings = session_.settings();
        settings.overrides.med = reader_.u8();
        session_.change(settings, {}, now_);
    }

    void settle() {
        for (const auto& action : session_.take_actions()) {
            std::visit(overloaded{
                           [&](const action::Dial&) { dialling_ = true; },
                           [&](const action::Close& close) {
                               require(close.farewell.size() <= 2 * largest_message);
                               if (close.slot == Slot::outgoing) dialling_ = false;
                           },
                           [&](const action::Written& written) {
                               require(written.advertised.size() + written.withdrawn.size() > 0);
                           },
                           [&](const action::RoutesLost&) {},
                       },
                       action);
        }
        for (const auto slot : all_slots) {
            require(session_.output(slot).size() <= most_queued);
        }
        if (++settled_ % 16 == 0) check_status();
    }

    void check_status() const {
        const auto status = session_.status();
        require(!status.reason_code.empty());
        require(status.history.size() <= 16);
        for (const auto& [family, counts] : status.families) {
            require(counts.received <= 3);
            require(status.state == SessionState::established || counts.advertised == 0);
        }
    }

    Reader reader_;
    TimePoint now_{std::chrono::hours(1)};
    bool dialling_ = false;
    unsigned settled_ = 0;
    Session session_;
};

}  // namespace

void bgp_session(std::span<const std::uint8_t> data) {
    Script(data).play();
}

}  // namespace vipd::fuzz
