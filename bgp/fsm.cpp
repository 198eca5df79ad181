#include "bgp/fsm.hpp"

#include "src/base/overloaded.hpp"

#include <algorithm>
#include <utility>

namespace vipd::bgp {

namespace {

Notification plain(ErrorCode code, std::uint8_t subcode) {
    return {code, subcode, {}};
}

/// One connection was not welcome; that says nothing against another. If it were held against the
/// peer, two speakers in Idle could refuse each other in turn for ever.
bool is_about_this_connection_only(const Notification& notification) {
    return notification.code == ErrorCode::cease &&
           (notification.subcode == cease::connection_collision ||
            notification.subcode == cease::connection_rejected);
}

bool is_due(const std::optional<TimePoint>& deadline, TimePoint now) {
    return deadline && *deadline <= now;
}

}  // namespace

PeerFsm::PeerFsm(FsmSettings settings, std::uint32_t seed)
    : settings_(std::move(settings)), random_(seed) {}

std::vector<Output> PeerFsm::step(Input input, TimePoint now) {
    now_ = now;
    outputs_.clear();
    std::visit([this](auto& event) { on(event); }, input);
    return std::exchange(outputs_, {});
}

std::optional<TimePoint> PeerFsm::next_deadline() const {
    auto earliest = retry_at_;
    const auto consider = [&earliest](const std::optional<TimePoint>& deadline) {
        if (deadline && (!earliest || *deadline < *earliest)) earliest = deadline;
    };
    for (const auto& connection : connections_) {
        consider(connection.connect_until);
        consider(connection.hold_until);
        consider(connection.keepalive_at);
        consider(connection.send_hold_until);
    }
    return earliest;
}

std::optional<Notification> PeerFsm::refusal() const {
    if (established()) return plain(ErrorCode::cease, cease::connection_collision);
    const bool idle = !started_ || penalized_;
    if (idle || state(Slot::incoming) != SessionState::idle) {
        return plain(ErrorCode::cease, cease::connection_rejected);
    }
    return std::nullopt;
}

SessionState PeerFsm::state() const {
    const auto furthest = std::max(state(Slot::outgoing), state(Slot::incoming));
    if (furthest != SessionState::idle) return furthest;
    return started_ && !penalized_ ? SessionState::active : SessionState::idle;
}

std::optional<Slot> PeerFsm::established() const {
    for (const auto slot : all_slots) {
        if (state(slot) == SessionState::established) return slot;
    }
    return std::nullopt;
}

void PeerFsm::on(const input::Start&) {
    if (started_) return;
    started_ = true;
    failures_ = 0;
    if (settings_.passive) {
        reason_ = {"passive", "waiting for the peer to connect"};
    } else {
        reason_ = {"connecting", "first attempt"};
        dial();
    }
}

void PeerFsm::on(const input::Stop& stop) {
    for (const auto slot : all_slots) {
        if (state(slot) == SessionState::idle) continue;
        if (stop.farewell && state(slot) >= SessionState::open_sent) {
            send_notification(slot, *stop.farewell);
        }
        close(slot);
    }
    started_ = false;
    penalized_ = false;
    retry_at_.reset();
    failures_ = 0;
    reason_ = stop.reason;
}

void PeerFsm::on(const input::Connected& connected) {
    const auto expected =
        connected.slot == Slot::outgoing ? SessionState::connect : SessionState::idle;
    const bool wanted = started_ && !penalized_ && !established();
    if (state(connected.slot) > expected) return;  // the slot is taken: not ours to close
    if (!wanted || state(connected.slot) != expected) {
        outputs_.push_back(output::Close{connected.slot});
        return;
    }
    auto& opened = connection(connected.slot);
    opened = {};
    opened.state = SessionState::open_sent;
    opened.hold_until = now_ + settings_.timers.open_hold;
    send(connected.slot, MessageType::open,
         encode_open(settings_.offer, settings_.hold_time, settings_.router_id));
}

void PeerFsm::on(const input::Lost& lost) {
    if (state(lost.slot) == SessionState::idle) return;
    fail(lost.slot, lost.reason, Penalty::active);
}

void PeerFsm::on(input::Received& received) {
    if (state(received.slot) < SessionState::open_sent) return;
    std::visit([&](auto& message) { on_message(received.slot, message); }, received.message);
}

void PeerFsm::on(const input::Malformed& malformed) {
    if (state(malformed.slot) < SessionState::open_sent) return;
    const bool of_update = malformed.error.notification.code == ErrorCode::update_message;
    if (of_update && state(malformed.slot) != SessionState::established) {
        unexpected(malformed.slot,
                   MessageType::update);  // event 28: it should not have come at all
        return;
    }
    if (malformed.error.answer) {
        fail_with(malformed.slot, malformed.error.notification);
    } else {
        fail(malformed.slot, {"malformed-notification", "the peer sent a broken NOTIFICATION"},
             Penalty::idle);
    }
}

void PeerFsm::on(const input::Progress& progress) {
    auto& sender = connection(progress.slot);
    if (sender.state != SessionState::established) return;
    if (progress.whole_message) restart_keepalive(sender);
    if (!progress.more_waiting || sender.negotiated.hold_time.count() == 0) {
        sender.send_hold_until.reset();
    } else if (progress.took_some || !sender.send_hold_until) {
        sender.send_hold_until = now_ + send_hold_time(sender);  // RFC 9687 §3.2
    }
}

void PeerFsm::on(const input::Tick&) {
    for (const auto slot : all_slots) {
        tick_connection(slot);
    }
    if (is_due(retry_at_, now_)) leave_backoff();
}

void PeerFsm::tick_connection(Slot slot) {
    auto& ticking = connection(slot);
    if (is_due(ticking.connect_until, now_)) {  // event 9 in Connect: drop and dial again
        outputs_.push_back(output::Close{slot});
        reason_ = {"tcp-timeout", "the peer did not answer the connection attempt"};
        dial();
        return;
    }
    if (is_due(ticking.hold_until, now_)) {
        fail_with(slot, plain(ErrorCode::hold_timer_expired, 0));
        return;
    }
    if (is_due(ticking.send_hold_until, now_)) {
        fail_with(slot, plain(ErrorCode::send_hold_timer_expired, 0));
        return;
    }
    if (is_due(ticking.keepalive_at, now_)) send_keepalive(slot);
}

void PeerFsm::leave_backoff() {
    retry_at_.reset();
    penalized_ = false;
    if (settings_.passive || state() != SessionState::active) return;
    dial();
}

void PeerFsm::dial() {
    auto& dialled = connection(Slot::outgoing);
    dialled = {};
    dialled.state = SessionState::connect;
    dialled.connect_until = now_ + settings_.timers.connect;
    outputs_.push_back(output::Dial{});
}

void PeerFsm::on_message(Slot slot, const Open& open) {
    if (state(slot) != SessionState::open_sent) {
        unexpected(slot, MessageType::open);
        return;
    }
    if (const auto objected = objection(open)) {
        fail_with(slot, *objected);
        return;
    }
    if (survives_collision(slot, open)) confirm(slot, open);
}

void PeerFsm::on_message(Slot slot, Update& update) {
    if (state(slot) != SessionState::established) {
        unexpected(slot, MessageType::update);
        return;
    }
    restart_hold(connection(slot));
    outputs_.push_back(output::Deliver{std::move(update)});
}

void PeerFsm::on_message(Slot slot, const Notification& notification) {
    outputs_.push_back(output::NotificationReceived{notification});
    fail(slot, {"notification-received", to_string(notification)}, penalty_for(notification));
}

void PeerFsm::on_message(Slot slot, const Keepalive&) {
    if (state(slot) == SessionState::open_sent) {
        unexpected(slot, MessageType::keepalive);
        return;
    }
    restart_hold(connection(slot));
    if (state(slot) == SessionState::open_confirm) establish(slot);
}

void PeerFsm::on_message(Slot slot, const RouteRefresh& refresh) {
    if (state(slot) != SessionState::established) {
        unexpected(slot, MessageType::route_refresh);
        return;
    }
    restart_hold(connection(slot));
    constexpr std::uint8_t request = 0;  // RFC 7313 §3: 1 and 2 frame a refresh we never asked for
    const auto family = family_of(refresh.afi, refresh.safi);
    const bool negotiated =
        family && connection(slot).negotiated.context.families.contains(*family);
    if (refresh.subtype == request && negotiated) outputs_.push_back(output::Refresh{*family});
}

/// RFC 4271 §6.2. What the decoder could not know.
std::optional<Notification> PeerFsm::objection(const Open& open) const {
    if (open.as() != settings_.remote_as) {
        return plain(ErrorCode::open_message, open_error::bad_peer_as);
    }
    // Two speakers of one AS must differ (RFC 6286 §2.2); across ASes they may be equal.
    if (settings_.ibgp() && open.router_id == settings_.router_id) {
        return plain(ErrorCode::open_message, open_error::bad_identifier);
    }
    return std::nullopt;
}

Negotiated PeerFsm::negotiate(const Open& open) const {
    Negotiated result;
    result.context.local_as = settings_.offer.local_as;
    result.context.ibgp = settings_.ibgp();
    result.context.four_octet_as = open.capabilities.four_octet_as.has_value();
    std::ranges::set_intersection(
        settings_.offer.families, open.capabilities.families,
        std::inserter(result.context.families, result.context.families.end()));
    result.remote_id = open.router_id;
    result.hold_time = std::min(settings_.hold_time, open.hold_time);
    result.remote = open.capabilities;
    return result;
}

void PeerFsm::confirm(Slot slot, const Open& open) {
    auto& confirmed = connection(slot);
    confirmed.state = SessionState::open_confirm;
    confirmed.negotiated = negotiate(open);
    restart_hold(confirmed);
    send_keepalive(slot);
    // One connection is as good as settled: a dial that has not got through would only collide with
    // it.
    if (state(other(slot)) == SessionState::connect) close(other(slot));
}

bool PeerFsm::outgoing_wins(const Open& open) const {
    if (settings_.router_id != open.router_id) return settings_.router_id > open.router_id;
    return settings_.offer.local_as > open.as();  // RFC 6286 §2.3
}

/// RFC 4271 §6.8. A connection that has not seen an OPEN is not compared with: it may be dead.
bool PeerFsm::survives_collision(Slot slot, const Open& open) {
    const auto rival = other(slot);
    if (state(rival) < SessionState::open_confirm) return true;
    const bool wins = state(rival) != SessionState::established &&
                      (slot == Slot::outgoing) == outgoing_wins(open);
    fail_with(wins ? rival : slot, plain(ErrorCode::cease, cease::connection_collision));
    return wins;
}

void PeerFsm::establish(Slot slot) {
    const auto rival = other(slot);
    if (state(rival) != SessionState::idle) {
        fail_with(rival, plain(ErrorCode::cease, cease::connection_collision));
    }
    retry_at_.reset();
    established_at_ = now_;
    connection(slot).state = SessionState::established;
    reason_ = {"established", "the session is up"};
    outputs_.push_back(output::Established{slot, connection(slot).negotiated});
}

/// RFC 6608 §3: the data is the type of the message.
void PeerFsm::unexpected(Slot slot, MessageType type) {
    auto subcode = fsm_error::in_established;
    if (state(slot) == SessionState::open_sent) subcode = fsm_error::in_open_sent;
    if (state(slot) == SessionState::open_confirm) subcode = fsm_error::in_open_confirm;
    fail_with(slot, {ErrorCode::finite_state_machine, subcode, {static_cast<std::uint8_t>(type)}});
}

void PeerFsm::send(Slot slot, MessageType type, Bytes bytes) {
    outputs_.push_back(output::Send{slot, type, std::move(bytes)});
}

void PeerFsm::send_notification(Slot slot, const Notification& notification) {
    outputs_.push_back(output::NotificationSent{notification});
    send(slot, MessageType::notification, encode_notification(notification));
}

void PeerFsm::send_keepalive(Slot slot) {
    restart_keepalive(connection(slot));
    send(slot, MessageType::keepalive, encode_keepalive());
}

void PeerFsm::fail_with(Slot slot, const Notification& notification) {
    if (state(slot) >= SessionState::open_sent) send_notification(slot, notification);
    fail(slot, {"notification-sent", to_string(notification)}, penalty_for(notification));
}

PeerFsm::Penalty PeerFsm::penalty_for(const Notification& notification) {
    return is_about_this_connection_only(notification) ? Penalty::active : Penalty::idle;
}

void PeerFsm::fail(Slot slot, Reason reason, Penalty penalty) {
    const bool was_established = state(slot) == SessionState::established;
    close(slot);
    if (state(other(slot)) != SessionState::idle) return;  // the other connection goes on
    reason_ = std::move(reason);
    if (was_established && now_ - established_at_ >= settings_.timers.stable_after) failures_ = 0;
    back_off(penalty);
}

void PeerFsm::close(Slot slot) {
    const bool was_established = state(slot) == SessionState::established;
    connection(slot) = {};
    outputs_.push_back(output::Close{slot});
    if (was_established) outputs_.push_back(output::Down{});
}

void PeerFsm::back_off(Penalty penalty) {
    auto wait = settings_.timers.first_backoff;
    for (unsigned i = 0; i < failures_ && wait < settings_.timers.longest_backoff; ++i) {
        wait *= 2;
    }
    ++failures_;
    retry_at_ = now_ + jittered(std::min(wait, settings_.timers.longest_backoff));
    penalized_ = penalty == Penalty::idle;
}

void PeerFsm::restart_hold(Connection& connection) {
    const auto hold = connection.negotiated.hold_time;
    connection.hold_until =
        hold.count() == 0 ? std::nullopt : std::optional<TimePoint>(now_ + hold);
}

void PeerFsm::restart_keepalive(Connection& connection) {
    const Duration interval = Duration(connection.negotiated.hold_time) / 3;
    connection.keepalive_at =
        interval.count() == 0 ? std::nullopt : std::optional<TimePoint>(now_ + jittered(interval));
}

Duration PeerFsm::send_hold_time(const Connection& connection) const {
    return std::max(settings_.timers.least_send_hold,
                    Duration(connection.negotiated.hold_time) * 2);
}

Duration PeerFsm::jittered(Duration duration) {
    const auto quarter = duration.count() / 4;
    if (quarter == 0) return duration;
    std::uniform_int_distribution<Duration::rep> taken_off(0, quarter);
    return duration - Duration(taken_off(random_));
}

}  // namespace vipd::bgp
