#include "bgp/session.hpp"

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
    : settings_(std::move(settings)),
      fsm_(fsm_settings(local, settings_), seed),
      now_(now),
      since_(now) {}

void Session::start(TimePoint now) {
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

void Session::want(const WantedRoutes& changes) {
    for (const auto& [prefix, attributes] : changes) {
        rib_.want(prefix, attributes);
    }
}

void Session::change(PeerSettings settings, TimePoint now) {
    now_ = now;
    settings_ = std::move(settings);
    if (const auto slot = fsm_.established()) rib_.change(export_context(*slot));
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
                                   std::move(update->withdrawn)});
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
    }
    if (!routes.advertised.empty() || !routes.withdrawn.empty()) {
        actions_.push_back(std::move(routes));
    }
    step(
        input::Progress{
            .slot = slot, .more_waiting = !queue.empty(), .whole_message = !sent.empty()},
        now);
}

void Session::step(Input input, TimePoint now) {
    now_ = now;
    const auto before = fsm_.state();
    auto outputs = fsm_.step(std::move(input), now);
    for (auto& output : outputs) {
        std::visit([this](auto& each) { carry_out(each); }, output);
    }
    if (fsm_.state() != before) since_ = now;
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
    queue.push(send.bytes, {send.type, {}, {}});
}

void Session::carry_out(output::Close& close) {
    const auto left = connection(close.slot).output.bytes();
    actions_.push_back(action::Close{close.slot, Bytes(left.begin(), left.end())});
    connection(close.slot) = {};
}

void Session::carry_out(output::Established& established) {
    ++established_count_;
    rib_.open(export_context(established.slot));
}

void Session::carry_out(output::Down&) {
    rib_.close();
    actions_.push_back(action::RoutesLost{});
}

void Session::carry_out(output::Deliver&) {}

void Session::carry_out(output::Refresh& refresh) {
    rib_.refresh(refresh.family);
}

void Session::carry_out(output::NotificationSent& sent) {
    last_notification_out_ = to_string(sent.notification);
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
    if (!slot) return fsm_.reason();
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
    }
    for (const auto family : settings_.families) {
        status.families[family] = rib_.counts(family);
    }
    status.messages_in = messages_in_;
    status.messages_out = messages_out_;
    status.last_notification_in = last_notification_in_;
    status.last_notification_out = last_notification_out_;
    return status;
}

bool keeps_session(const PeerSettings& before, const PeerSettings& after) {
    auto same = after;
    same.next_hop = before.next_hop;
    return same == before;
}

}  // namespace vipd::bgp
