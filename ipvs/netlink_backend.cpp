#include "ipvs/netlink_backend.hpp"

#include "ipvs/netlink_reply.hpp"
#include "ipvs/netlink_request.hpp"
#include "ipvs/netlink_socket.hpp"
#include "src/base/overloaded.hpp"

#include <linux/ip_vs.h>
#include <netlink/errno.h>
#include <netlink/genl/ctrl.h>
#include <netlink/genl/genl.h>
#include <netlink/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <functional>
#include <optional>
#include <stdexcept>

namespace vipd::ipvs {

namespace {

/// Requests in one datagram. Their answers must fit into the socket's buffer even where we may not
/// enlarge it.
constexpr std::size_t window = 128;
/// Dumps begun anew because the table changed meanwhile or the buffer overran.
constexpr int dump_attempts = 5;

KernelError kernel_error(int code) {
    if (code == EPERM) return {code, "not permitted: vipd needs CAP_NET_ADMIN"};
    return {code, std::strerror(code)};
}

/// What the error means of this change; the kernel itself hardly ever adds words.
std::string explain(const Change& change, int code) {
    const auto no_scheduler = [](const ServiceOptions& options) {
        return "no scheduler " + options.scheduler + " in the kernel: modprobe ip_vs_" +
               options.scheduler;
    };
    if (code == ESRCH) return "no such service";
    if (code == EEXIST) return "exists already";
    if (code == ENOENT) {
        return std::visit(overloaded{
                              [&](const AddService& add) { return no_scheduler(add.options); },
                              [&](const EditService& edit) { return no_scheduler(edit.options); },
                              [](const auto&) { return std::string("no such destination"); },
                          },
                          change);
    }
    return kernel_error(code).text;
}

/// The number of the IPVS family; nothing: the kernel has none. Throws std::runtime_error.
std::optional<std::uint16_t> resolve_family() {
    const std::unique_ptr<nl_sock, decltype(&nl_socket_free)> socket(nl_socket_alloc(),
                                                                     nl_socket_free);
    if (!socket) throw std::bad_alloc();
    int result = genl_connect(socket.get());
    if (result >= 0) result = genl_ctrl_resolve(socket.get(), IPVS_GENL_NAME);
    if (result >= 0) return static_cast<std::uint16_t>(result);
    if (result == -NLE_OBJ_NOTFOUND) return std::nullopt;
    throw std::runtime_error(std::string("cannot ask the kernel for IPVS: ") + nl_geterror(result));
}

class NetlinkBackend final : public Backend {
public:
    explicit NetlinkBackend(std::uint16_t family) : family_(family) {}

    boost::system::result<Table, KernelError> read() override;
    std::vector<Applied> apply(std::span<const Change> changes) override;
    boost::system::result<std::optional<ServiceReading>, KernelError> read_service(
        const ServiceKey& key) override;
    boost::system::result<Timeouts, KernelError> read_timeouts() override;
    boost::system::result<void, KernelError> set_timeouts(const Timeouts& timeouts) override;

private:
    using Handle = std::function<void(const Message&)>;
    using Outcome = boost::system::result<void, KernelError>;

    Envelope envelope() { return {family_, socket_.port(), ++sequence_}; }

    /// One request. Every message of its answer goes to `handle`, up to the end of a dump or a
    /// verdict, which is the outcome; with `single`, up to the first.
    Outcome ask(const Bytes& request, bool single, const Handle& handle);
    /// The kernel gives the family another number when its module was loaded anew.
    Outcome ask_again(const std::function<Bytes()>& request, bool single, const Handle& handle);
    /// A whole, consistent dump: `begin` is called before each attempt.
    Outcome dump(const std::function<Bytes()>& request, const std::function<void()>& begin,
                 const Handle& handle);
    Outcome dump_destinations(const ServiceKey& key, ServiceReading& reading);
    void apply_window(std::span<const Change> changes, std::vector<Applied>& answers);

    NetlinkSocket socket_;
    std::uint16_t family_;
    std::uint32_t sequence_ = 0;
    Bytes requests_;  // of the window that is on its way
    bool interrupted_ = false;
};

NetlinkBackend::Outcome NetlinkBackend::ask(const Bytes& request, bool single,
                                            const Handle& handle) {
    const std::uint32_t sequence = sequence_;
    interrupted_ = false;
    if (auto sent = socket_.send(request); !sent) return sent;
    while (true) {
        const auto messages = socket_.receive();
        if (!messages && messages.error().code == ENOBUFS) {
            interrupted_ = true;
            continue;
        }
        if (!messages) return messages.error();
        for (const Message& message : *messages) {
            if (message.sequence != sequence) continue;  // left over from a request given up
            interrupted_ |= message.is_interrupted;
            if (message.answer && message.answer->error != 0) {
                return kernel_error(message.answer->error);
            }
            if (message.answer || message.is_end) return {};
            handle(message);
            if (single) return {};
        }
    }
}

NetlinkBackend::Outcome NetlinkBackend::ask_again(const std::function<Bytes()>& request,
                                                  bool single, const Handle& handle) {
    auto outcome = ask(request(), single, handle);
    if (outcome || outcome.error().code != ENOENT) return outcome;
    const auto family = resolve_family();
    if (!family) return KernelError{ENOENT, "IPVS has gone from the kernel: modprobe ip_vs"};
    family_ = *family;
    return ask(request(), single, handle);
}

NetlinkBackend::Outcome NetlinkBackend::dump(const std::function<Bytes()>& request,
                                             const std::function<void()>& begin,
                                             const Handle& handle) {
    for (int attempt = 0; attempt < dump_attempts; ++attempt) {
        begin();
        auto outcome = ask_again(request, false, handle);
        if (!outcome || !interrupted_) return outcome;
    }
    return KernelError{EINTR, "the table changes faster than it can be read"};
}

boost::system::result<Table, KernelError> NetlinkBackend::read() {
    Table table;
    const auto request = [&] {
        Bytes bytes;
        append_dump_services(bytes, envelope());
        return bytes;
    };
    const auto outcome = dump(
        request, [&] { table.clear(); },
        [&](const Message& message) {
            if (auto service = ipvs::read_service(message)) {
                table[service->key].options = std::move(service->options);
            }
        });
    if (!outcome) return outcome.error();
    for (auto& [key, service] : table) {
        ServiceReading reading;
        const auto dumped = dump_destinations(key, reading);
        if (!dumped) return dumped.error();
        service.destinations = std::move(reading.service.destinations);
    }
    return table;
}

boost::system::result<std::optional<ServiceReading>, KernelError> NetlinkBackend::read_service(
    const ServiceKey& key) {
    ServiceReading reading;
    bool found = false;
    const auto request = [&] {
        Bytes bytes;
        append_get_service(bytes, envelope(), key);
        return bytes;
    };
    const auto outcome = ask_again(request, true, [&](const Message& message) {
        auto service = ipvs::read_service(message);
        if (!service || service->key != key) return;
        reading.service.options = std::move(service->options);
        reading.statistics.counters = service->counters;
        found = true;
    });
    if (!outcome && outcome.error().code != ESRCH) return outcome.error();
    if (!found) return std::optional<ServiceReading>{};
    const auto dumped = dump_destinations(key, reading);
    if (!dumped) return dumped.error();
    return std::optional(std::move(reading));
}

NetlinkBackend::Outcome NetlinkBackend::dump_destinations(const ServiceKey& key,
                                                          ServiceReading& reading) {
    const auto request = [&] {
        Bytes bytes;
        append_dump_destinations(bytes, envelope(), key);
        return bytes;
    };
    const auto begin = [&] {
        reading.service.destinations.clear();
        reading.statistics.destinations.clear();
    };
    return dump(request, begin, [&](const Message& message) {
        const auto destination = read_destination(message, family(key));
        if (!destination) return;
        reading.service.destinations[destination->key] = destination->destination;
        reading.statistics.destinations[destination->key] = destination->statistics;
    });
}

std::vector<Applied> NetlinkBackend::apply(std::span<const Change> changes) {
    std::vector<Applied> answers;
    answers.reserve(changes.size());
    while (!changes.empty()) {
        const auto now = changes.first(std::min(window, changes.size()));
        apply_window(now, answers);
        changes = changes.subspan(now.size());
    }
    return answers;
}

void NetlinkBackend::apply_window(std::span<const Change> changes, std::vector<Applied>& answers) {
    const std::uint32_t first = sequence_ + 1;
    requests_.clear();
    for (const Change& change : changes)
        append_change(requests_, envelope(), change);
    std::vector<std::optional<KernelError>> errors(changes.size(),
                                                   KernelError{ETIMEDOUT, "no answer"});
    std::size_t answered = 0;
    const auto sent = socket_.send(requests_);
    if (!sent) errors.assign(changes.size(), sent.error());
    while (sent && answered < changes.size()) {
        const auto messages = socket_.receive();
        if (!messages && messages.error().code == ENOBUFS) continue;  // some lost, read the others
        if (!messages) break;
        for (const Message& message : *messages) {
            const std::uint32_t index = message.sequence - first;
            if (!message.answer || index >= changes.size()) continue;
            ++answered;
            errors[index].reset();
            if (message.answer->error == 0) continue;
            const int code = message.answer->error;
            errors[index] =
                KernelError{code, message.answer->text.empty() ? explain(changes[index], code)
                                                               : message.answer->text};
        }
    }
    for (std::size_t i = 0; i < changes.size(); ++i) {
        answers.push_back({changes[i], std::move(errors[i])});
    }
}

boost::system::result<Timeouts, KernelError> NetlinkBackend::read_timeouts() {
    std::optional<Timeouts> timeouts;
    const auto request = [&] {
        Bytes bytes;
        append_get_timeouts(bytes, envelope());
        return bytes;
    };
    const auto outcome = ask_again(
        request, true, [&](const Message& message) { timeouts = ipvs::read_timeouts(message); });
    if (!outcome) return outcome.error();
    if (!timeouts) return KernelError{EPROTO, "the kernel's timeouts cannot be read"};
    return *timeouts;
}

boost::system::result<void, KernelError> NetlinkBackend::set_timeouts(const Timeouts& timeouts) {
    const auto request = [&] {
        Bytes bytes;
        append_set_timeouts(bytes, envelope(), timeouts);
        return bytes;
    };
    return ask_again(request, false, [](const Message&) {});
}

}  // namespace

std::unique_ptr<Backend> open_kernel_table() {
    const auto family = resolve_family();
    if (!family) {
        throw std::runtime_error(
            "the kernel has no IPVS: modprobe ip_vs (and have it loaded at boot by "
            "/etc/modules-load.d)");
    }
    auto backend = std::make_unique<NetlinkBackend>(*family);
    const auto timeouts = backend->read_timeouts();
    if (!timeouts && timeouts.error().code == EPERM) {
        throw std::runtime_error(
            "not permitted to read the IPVS table: vipd needs CAP_NET_ADMIN "
            "(AmbientCapabilities=CAP_NET_ADMIN in its systemd unit)");
    }
    if (!timeouts) throw std::runtime_error("cannot read from IPVS: " + timeouts.error().text);
    return backend;
}

}  // namespace vipd::ipvs
