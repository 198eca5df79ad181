#include "src/control/resolver.hpp"

#include <ares.h>
#include <boost/asio/post.hpp>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/time.h>

#include <algorithm>
#include <array>
#include <span>
#include <utility>

namespace vipd {
namespace asio = boost::asio;
namespace {

/// Names asked for at the same time.
constexpr std::size_t most_running = 64;
/// With two servers the second has been asked before a start stops waiting (5 s).
constexpr int timeout_milliseconds = 2000;
constexpr int tries = 2;
/// An answer may hold thousands.
constexpr std::size_t most_addresses = 64;

std::optional<Address> address_of(const ares_addrinfo_node& node) {
    if (node.ai_family == AF_INET && node.ai_addrlen >= sizeof(sockaddr_in)) {
        const auto* address = reinterpret_cast<const sockaddr_in*>(node.ai_addr);
        return Address::from_bytes(
            std::span(reinterpret_cast<const std::uint8_t*>(&address->sin_addr), 4));
    }
    if (node.ai_family == AF_INET6 && node.ai_addrlen >= sizeof(sockaddr_in6)) {
        const auto* address = reinterpret_cast<const sockaddr_in6*>(node.ai_addr);
        return Address::from_bytes(std::span(address->sin6_addr.s6_addr, 16));
    }
    return std::nullopt;
}

FamilyAnswer answer_of(Family family, int status, const ares_addrinfo* found) {
    FamilyAnswer answer;
    if (status == ARES_ENODATA || status == ARES_ENOTFOUND) {
        answer.kind = FamilyAnswer::Kind::none;
        answer.text = status == ARES_ENOTFOUND ? "no such name (NXDOMAIN)" : "no address";
        return answer;
    }
    if (status != ARES_SUCCESS || found == nullptr) {
        // c-ares takes a server that refuses or fails for one that it cannot reach.
        answer.text = status == ARES_ECONNREFUSED
                          ? "no DNS server answers, or all refuse or fail (SERVFAIL)"
                          : ares_strerror(status);
        return answer;
    }
    int ttl = INT32_MAX;
    for (const auto* alias = found->cnames; alias != nullptr; alias = alias->next)
        ttl = std::min(ttl, alias->ttl);
    for (const auto* node = found->nodes; node != nullptr; node = node->ai_next) {
        const auto address = address_of(*node);
        if (!address || address->family() != family) continue;
        if (answer.addresses.size() == most_addresses) break;
        ttl = std::min(ttl, node->ai_ttl);
        answer.addresses.push_back(*address);
    }
    const bool any = !answer.addresses.empty();
    answer.kind = any ? FamilyAnswer::Kind::addresses : FamilyAnswer::Kind::none;
    answer.ttl = std::chrono::seconds(any ? std::max(ttl, 0) : 0);
    if (!any) answer.text = "no address";
    return answer;
}

std::string servers_text(const std::vector<Endpoint>& servers) {
    std::string text;
    for (const auto& server : servers)
        text += (text.empty() ? "" : ",") + server.to_string();
    return text;
}

}  // namespace

struct Resolver::Lookup {
    NameAnswer answer;
    std::size_t awaited = 0;
    std::vector<std::unique_ptr<FamilyLookup>> families;
};

struct Resolver::FamilyLookup {
    Resolver& resolver;
    Lookup& lookup;
    Family family;
};

Resolver::Resolver(const asio::any_io_executor& executor, Sink sink)
    : executor_(executor), sink_(std::move(sink)), timer_(executor) {}

Resolver::~Resolver() {
    closing_ = true;
    close_channel();
}

void Resolver::use_servers(std::vector<Endpoint> servers) {
    asio::post(executor_, [this, servers = std::move(servers)]() mutable {
        if (servers == servers_) return;
        servers_ = std::move(servers);
        close_channel();
    });
}

void Resolver::ask(std::vector<NameQuestion> questions) {
    asio::post(executor_, [this, questions = std::move(questions)]() mutable {
        std::ranges::move(questions, std::back_inserter(waiting_));
        start_some();
    });
}

/// A channel knows the resolv.conf of when it was made: while nothing is under way, a new one is.
void Resolver::start_some() {
    if (waiting_.empty()) return;
    if (running_.empty()) close_channel();
    while (!waiting_.empty() && running_.size() < most_running) {
        auto question = std::move(waiting_.front());
        waiting_.pop_front();
        start(std::move(question));
    }
    arm_timer();
}

bool Resolver::open_channel() {
    if (channel_ != nullptr) return true;
    ares_options options{};
    options.timeout = timeout_milliseconds;
    options.tries = tries;
    options.ndomains = 0;  // names are asked for as they are written
    options.sock_state_cb = [](void* self, ares_socket_t descriptor, int reading, int writing) {
        static_cast<Resolver*>(self)->watch(descriptor, reading != 0, writing != 0);
    };
    options.sock_state_cb_data = this;
    constexpr int given =
        ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_DOMAINS | ARES_OPT_SOCK_STATE_CB;
    if (ares_init_options(&channel_, &options, given) != ARES_SUCCESS) {
        channel_ = nullptr;
        return false;
    }
    if (servers_.empty()) return true;
    return ares_set_servers_ports_csv(channel_, servers_text(servers_).c_str()) == ARES_SUCCESS;
}

/// What is under way is answered within this.
void Resolver::close_channel() {
    if (channel_ == nullptr) return;
    ares_destroy(std::exchange(channel_, nullptr));
    sockets_.clear();
    timer_.cancel();
}

void Resolver::start(NameQuestion question) {
    auto made = std::make_unique<Lookup>();
    auto& lookup = *made;
    lookup.answer.name = std::move(question.name);
    lookup.awaited = question.families.size();
    running_.emplace(&lookup, std::move(made));
    if (!open_channel() || question.families.empty()) {
        for (const auto family : question.families)
            lookup.answer.families[family].text = "the resolver could not be set up";
        return finish(lookup);
    }
    for (const auto family : question.families) {
        lookup.families.push_back(
            std::make_unique<FamilyLookup>(FamilyLookup{*this, lookup, family}));
    }
    ares_addrinfo_hints hints{};
    hints.ai_flags = ARES_AI_NOSORT;  // sorting them would connect to each
    hints.ai_socktype = SOCK_STREAM;  // each once, not once for every protocol
    const auto name = lookup.answer.name;  // the last answer may come before the call returns
    std::vector<FamilyLookup*> families;
    for (const auto& family : lookup.families)
        families.push_back(family.get());
    for (auto* family : families) {
        hints.ai_family = family->family == Family::ipv4 ? AF_INET : AF_INET6;
        ares_getaddrinfo(channel_, name.c_str(), nullptr, &hints, &Resolver::take, family);
    }
}

void Resolver::take(void* family_lookup, int status, int /*timeouts*/, ares_addrinfo* found) {
    const auto& [resolver, lookup, family] = *static_cast<FamilyLookup*>(family_lookup);
    lookup.answer.families[family] = answer_of(family, status, found);
    if (found != nullptr) ares_freeaddrinfo(found);
    if (--lookup.awaited == 0) resolver.finish(lookup);
}

void Resolver::finish(Lookup& lookup) {
    auto answer = std::move(lookup.answer);
    running_.erase(&lookup);
    if (closing_) return;
    sink_(std::move(answer));
    // Not from within c-ares.
    asio::post(executor_, [this] { start_some(); });
}

void Resolver::watch(int descriptor, bool reading, bool writing) {
    auto found = sockets_.find(descriptor);
    if (!reading && !writing) {
        if (found == sockets_.end()) return;
        found->second.descriptor.release();  // cancels what waits for it
        sockets_.erase(found);
        return;
    }
    if (found == sockets_.end()) {
        found =
            sockets_.try_emplace(descriptor, asio::posix::stream_descriptor(executor_, descriptor))
                .first;
        found->second.generation = ++generation_;
    }
    found->second.to_read.wanted = reading;
    found->second.to_write.wanted = writing;
    wait(descriptor, found->second, false);
    wait(descriptor, found->second, true);
}

void Resolver::wait(int descriptor, Socket& socket, bool to_write) {
    auto& direction = to_write ? socket.to_write : socket.to_read;
    if (!direction.wanted || std::exchange(direction.waits, true)) return;
    using Descriptor = asio::posix::stream_descriptor;
    socket.descriptor.async_wait(to_write ? Descriptor::wait_write : Descriptor::wait_read,
                                 [this, descriptor, to_write, generation = socket.generation](
                                     const boost::system::error_code& error) {
                                     if (!error) socket_ready(descriptor, generation, to_write);
                                 });
}

void Resolver::socket_ready(int descriptor, std::size_t generation, bool to_write) {
    const auto same = [&]() -> Socket* {
        const auto found = sockets_.find(descriptor);
        const bool known = found != sockets_.end() && found->second.generation == generation;
        return known ? &found->second : nullptr;
    };
    auto* socket = same();
    if (socket == nullptr) return;
    auto& direction = to_write ? socket->to_write : socket->to_read;
    direction.waits = false;
    if (!direction.wanted) return;
    process(to_write ? ARES_SOCKET_BAD : descriptor, to_write ? descriptor : ARES_SOCKET_BAD);
    socket = same();
    if (socket != nullptr) wait(descriptor, *socket, to_write);
}

void Resolver::process(int reading, int writing) {
    if (channel_ == nullptr) return;
    ares_process_fd(channel_, reading, writing);
    arm_timer();
}

void Resolver::arm_timer() {
    timeval time{};
    if (channel_ == nullptr || ares_timeout(channel_, nullptr, &time) == nullptr) {
        timer_.cancel();
        return;
    }
    timer_.expires_after(std::chrono::seconds(time.tv_sec) +
                         std::chrono::microseconds(time.tv_usec));
    timer_.async_wait([this](const boost::system::error_code& error) {
        if (!error) process(ARES_SOCKET_BAD, ARES_SOCKET_BAD);
    });
}

}  // namespace vipd
