#include "bgp/session.hpp"

#include <algorithm>
#include <utility>

namespace vipd::bgp {

namespace {

/// How much is queued ahead of the socket: enough to keep it busy, and all that a peer that does
/// not read can cost.
constexpr std::size_t output_limit = 64 * 1024;

FsmSettings fsm_settings(const LocalSpeaker& local, const PeerSettings& peer) {
    FsmSettings settings;
    settings.offer.local_as = local.as;
    settings.offer.families = peer.families;
    settings.router_id = local.router_id;
    settings.remote_as = peer.remote_as;
    settings.hold_time = peer.hold_time;
    settings.passive = peer.passive;
    return settings;
}

}  // namespace

Session::Session(LocalSpeaker local, PeerSettings settings, std::uint32_t seed, TimePoint now)
    : local_(local),
      settings_(std::move(settings)),
      fsm_(fsm_settings(local_, settings_), seed),
      received_(settings_.max_prefixes),
      now_(now),
      since_(now) {}

void Session::start(TimePoint now) {
    fsm_.offer_graceful_restart(graceful_restart());
    step(input::Start{}, now);
}

void Session::stop(const std::optional<Notification>& farewell, Reason reason, TimePoint now) {
    step(input::Stop{farewell, std::move(reason)}, now);
}

void Session::connected(Slot slot, const Address& local, TimePoint now) {
    connection(slot) = {.framer = {}, .output = {}, .local = local};
    step(input::Connected{slot}, now);
}

void Session::lost(Slot slot, Reason reason, TimePoint now) {
    step(input::Lost{slot, std::move(reason)}, now);
}

void Session::received(Slot slot, std::span<const std::uint8_t> bytes, TimePoint now) {
    auto& framer = connection(slot).framer;
    framer.feed(bytes);
    while (fsm_.state(slot) >= SessionState::open_sent) {
        auto frame = framer.next();
        if (!frame) return;
        if (!*frame) {
            step(input::Malformed{slot, frame->error()}, now);
            return;
        }
        ++messages_in_[std::string(to_string((*frame)->type))];
        auto message = decode((*frame)->type, (*frame)->body, fsm_.negotiated(slot).context);
        if (message) {
            step(input::Received{slot, std::move(*message)}, now);
        } else {
            step(input::Malformed{slot, message.error()}, now);
        }
    }
}

void Session::tick(TimePoint now) {
    step(input::Tick{}, now);
}

void Session::want(const WantedRoutes& changes, TimePoint asked) {
    for (const auto& [prefix, attributes] : changes) {
        if (attributes) {
            want_one(prefix, *attributes);
        } else {
            rib_.want(prefix, std::nullopt);
        }
    }
    note_wanted(asked);
}

void Session::want_all(const std::map<Prefix, RouteAttributes>& wanted, TimePoint asked) {
    for (const auto& [prefix, attributes] : wanted) {
        want_one(prefix, attributes);
    }
    note_wanted(asked);
}

void Session::want_one(const Prefix& prefix, const RouteAttributes& attributes) {
    if (settings_.overrides == RouteOverrides{} && attributes.worse == Worsening{}) {
        rib_.want(prefix, attributes);  // as it is: most peers, and no copy
    } else {
        rib_.want(prefix, overridden(settings_.overrides, prefix, attributes));
    }
}

void Session::note_wanted(TimePoint asked) {
    if (rib_.has_update() && !unwritten_since_) unwritten_since_ = asked;
}

void Session::change(PeerSettings settings, const std::map<Prefix, RouteAttributes>& wanted,
                     TimePoint now) {
    now_ = now;
    const bool other_routes = settings.overrides != settings_.overrides;
    settings_ = std::move(settings);
    received_.set_limit(settings_.max_prefixes);
    if (const auto slot = fsm_.established()) rib_.change(export_context(*slot));
    if (other_routes) want_all(wanted, now);
}

void Session::initial_set_complete() {
    if (std::exchange(initial_set_complete_, true)) return;
    fsm_.offer_graceful_restart(graceful_restart());
    if (fsm_.established()) request_end_of_rib();
}

void Session::request_end_of_rib() {
    for (const auto family : settings_.families) {
        rib_.request_end_of_rib(family);
    }
}

std::optional<GracefulRestart> Session::graceful_restart() const {
    if (!settings_.graceful_restart) return std::nullopt;
    const auto& restart = local_.restart;
    const bool preserved =
        initial_set_complete_ ? restart.forwarding_persistent : restart.forwarding_preserved;
    GracefulRestart offer;
    offer.restarted = restart.restarted && !initial_set_complete_;
    offer.restart_time = *settings_.graceful_restart;
    for (const auto family : settings_.families) {
        offer.forwarding_preserved.emplace(family, preserved);
    }
    return offer;
}

std::span<const std::uint8_t> Session::output(Slot slot) {
    if (fsm_.state(slot) == SessionState::established) fill(slot);
    return connection(slot).output.bytes();
}

void Session::fill(Slot slot) {
    auto& queue = connection(slot).output;
    while (queue.size() < output_limit) {
        auto update = rib_.next_update();
        if (!update) return;
        queue.push(update->bytes, {MessageType::update, std::move(update->advertised),
                                   std::move(update->withdrawn), update->end_of_rib});
    }
}

void Session::written(Slot slot, std::size_t count, TimePoint now) {
    auto& queue = connection(slot).output;
    action::Written routes;
    const auto sent = queue.written(count);
    for (const auto& item : sent) {
        ++messages_out_[std::string(to_string(item.type))];
        routes.advertised.insert(routes.advertised.end(), item.advertised.begin(),
                                 item.advertised.end());
        routes.withdrawn.insert(routes.withdrawn.end(), item.withdrawn.begin(),
                                item.withdrawn.end());
        if (item.end_of_rib) end_of_rib_sent_.insert(*item.end_of_rib);
    }
    if (!routes.advertised.empty() || !routes.withdrawn.empty()) {
        actions_.push_back(std::move(routes));
    }
    const input::Progress progress{.slot = slot,
                                   .took_some = count > 0,
                                   .whole_message = !sent.empty(),
                                   .more_waiting = !queue.empty()};
    step(progress, now);
    if (queue.empty()) note_written(now);
}

void Session::step(Input input, TimePoint now) {
    now_ = now;
    const auto before = fsm_.state();
    auto outputs = fsm_.step(std::move(input), now);
    for (auto& output : outputs) {
        std::visit([this](auto& each) { carry_out(each); }, output);
    }
    note_state(before, now);
}

void Session::note_state(SessionState before, TimePoint now) {
    constexpr std::size_t longest_history = 16;
    if (fsm_.state() == before) return;
    since_ = now;
    history_.push_back({now, fsm_.state(), fsm_.reason().code});
    if (history_.size() > longest_history) history_.pop_front();
}

void Session::note_written(TimePoint now) {
    if (!unwritten_since_ || rib_.has_update()) return;
    const auto took = std::chrono::duration_cast<std::chrono::microseconds>(
        now - *std::exchange(unwritten_since_, std::nullopt));
    wanted_to_written_ = took;
    longest_wanted_to_written_ = std::max(took, longest_wanted_to_written_.value_or(took));
}

void Session::carry_out(output::Dial&) {
    actions_.push_back(action::Dial{});
}

void Session::carry_out(output::Send& send) {
    auto& queue = connection(send.slot).output;
    // Whatever waits already tells the peer that we live (RFC 4271 §4.4): no use in queueing more
    // of the same.
    const bool superfluous = send.type == MessageType::keepalive && !queue.empty() &&
                             fsm_.state(send.slot) == SessionState::established;
    if (superfluous) return;
    if (send.type == MessageType::notification) queue.drop_unstarted();
    queue.push(send.bytes, {send.type, {}, {}, std::nullopt});
}

void Session::carry_out(output::Close& close) {
    const auto left = connection(close.slot).output.bytes();
    actions_.push_back(action::Close{close.slot, Bytes(left.begin(), left.end())});
    connection(close.slot) = {};
}

void Session::carry_out(output::Established& established) {
    ++established_count_;
    end_of_rib_sent_.clear();
    end_of_rib_received_.clear();
    longest_wanted_to_written_.reset();
    rib_.open(export_context(established.slot));
    if (initial_set_complete_) request_end_of_rib();
}

void Session::carry_out(output::Down&) {
    rib_.close();
    received_.clear();
    unwritten_since_.reset();
    actions_.push_back(action::RoutesLost{});
}

void Session::carry_out(output::Deliver& deliver) {
    received_.take(deliver.update);
    count_problems(deliver.update);
    if (deliver.update.end_of_rib) end_of_rib_received_.insert(*deliver.update.end_of_rib);
}

void Session::count_problems(const Update& update) {
    if (update.severity == Severity::treat_as_withdraw) ++errors_["treat-as-withdraw"];
    if (update.severity == Severity::attribute_discard) ++errors_["attribute-discard"];
}

void Session::count_error(const Notification& notification) {
    switch (notification.code) {
        case ErrorCode::message_header:
            ++errors_["message-header"];
            return;
        case ErrorCode::open_message:
            ++errors_["open-message"];
            return;
        case ErrorCode::update_message:
            ++errors_["session-reset"];
            return;
        case ErrorCode::hold_timer_expired:
            ++errors_["hold-timer-expired"];
            return;
        case ErrorCode::finite_state_machine:
            ++errors_["finite-state-machine"];
            return;
        case ErrorCode::send_hold_timer_expired:
            ++errors_["send-hold-timer-expired"];
            return;
        case ErrorCode::cease:
        case ErrorCode::route_refresh_message:
            return;  // no error; never sent by us
    }
}

void Session::carry_out(output::Refresh& refresh) {
    rib_.refresh(refresh.family);
}

void Session::carry_out(output::NotificationSent& sent) {
    last_notification_out_ = to_string(sent.notification);
    count_error(sent.notification);
    ++messages_out_[std::string(to_string(MessageType::notification))];
}

void Session::carry_out(output::NotificationReceived& received) {
    last_notification_in_ = to_string(received.notification);
}

ExportContext Session::export_context(Slot slot) const {
    ExportContext context{fsm_.negotiated(slot).context, {}};
    const auto& local = connection(slot).local;
    for (const auto family : context.update.families) {
        const auto configured = settings_.next_hop.find(family);
        if (configured != settings_.next_hop.end()) {
            context.next_hop.emplace(family, configured->second);
        } else if (local.family() == family) {
            context.next_hop.emplace(family, local);
        }
    }
    return context;
}

Reason Session::shown_reason() const {
    const auto slot = fsm_.established();
    if (!slot) {
        auto reason = fsm_.reason();
        if (reason.code == "tcp-timeout" && !settings_.password.empty()) {
            reason.text += "; a wrong or missing MD5 key on either side looks like this";
        }
        return reason;
    }
    const auto context = export_context(*slot);
    for (const auto family : settings_.families) {
        const auto name = std::string(to_string(family));
        if (!context.update.families.contains(family)) {
            return {"family-not-negotiated", "the peer does not offer " + name};
        }
        if (!context.next_hop.contains(family)) {
            return {"no-next-hop", name + " routes are not sent: next_hop is not configured and " +
                                       connection(*slot).local.to_string() +
                                       " is of another family"};
        }
    }
    return fsm_.reason();
}

std::vector<std::string> Session::capabilities(const Negotiated& negotiated) const {
    std::vector<std::string> names;
    for (const auto family : negotiated.context.families) {
        names.push_back("multiprotocol-" + std::string(to_string(family)));
    }
    if (negotiated.remote.route_refresh) names.emplace_back("route-refresh");
    if (negotiated.remote.four_octet_as) names.emplace_back("four-octet-as");
    if (settings_.graceful_restart && negotiated.remote.graceful_restart) {
        names.emplace_back("graceful-restart");
    }
    return names;
}

FamilyCounts Session::counts(Family family) const {
    auto counts = rib_.counts(family);
    counts.received = received_.count(family);
    counts.end_of_rib_sent = end_of_rib_sent_.contains(family);
    counts.end_of_rib_received = end_of_rib_received_.contains(family);
    return counts;
}

PeerStatus Session::status() const {
    PeerStatus status;
    const auto reason = shown_reason();
    status.name = settings_.name;
    status.state = fsm_.state();
    status.since = since_;
    status.reason_code = reason.code;
    status.reason_text = reason.text;
    if (!settings_.passive) status.next_dial = fsm_.next_dial();
    status.established_count = established_count_;
    if (const auto slot = fsm_.established()) {
        const auto& negotiated = fsm_.negotiated(*slot);
        status.negotiated_hold = negotiated.hold_time;
        status.remote_id = negotiated.remote_id;
        status.capabilities = capabilities(negotiated);
    }
    for (const auto family : settings_.families) {
        status.families[family] = counts(family);
    }
    status.messages_in = messages_in_;
    status.messages_out = messages_out_;
    status.last_notification_in = last_notification_in_;
    status.last_notification_out = last_notification_out_;
    status.errors = errors_;
    status.history.assign(history_.begin(), history_.end());
    status.failures = fsm_.failures();
    status.max_prefixes_exceeded = received_.exceeded();
    status.oversized = rib_.oversized();
    status.wanted_to_written = wanted_to_written_;
    status.longest_wanted_to_written = longest_wanted_to_written_;
    return status;
}

bool keeps_session(const PeerSettings& before, const PeerSettings& after) {
    auto same = after;
    same.next_hop = before.next_hop;
    same.overrides = before.overrides;
    same.max_prefixes = before.max_prefixes;
    return same == before;
}

}  // namespace vipd::bgp
