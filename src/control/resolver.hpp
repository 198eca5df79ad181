#pragma once
// Asks the DNS for host names: c-ares on an executor. What it finds is handed on as it is; nothing
// is kept here.

#include "src/control/name_table.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>

#include <cstddef>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <vector>

struct ares_channeldata;
struct ares_addrinfo;

namespace vipd {

class Resolver {
public:
    using Sink = std::function<void(NameAnswer)>;

    /// All work is done on `executor`, which must run one thing at a time and be at rest when this
    /// object is destroyed. `sink` is called there, once for each question, also when nobody
    /// answers.
    Resolver(const boost::asio::any_io_executor& executor, Sink sink);
    ~Resolver();
    Resolver(const Resolver&) = delete;
    Resolver& operator=(const Resolver&) = delete;

    /// From any thread: whom to ask from now on; none: those of resolv.conf(5). What is under way
    /// is answered as failed if this changes it.
    void use_servers(std::vector<Endpoint> servers);
    /// From any thread.
    void ask(std::vector<NameQuestion> questions);

private:
    struct Lookup;
    struct FamilyLookup;
    struct Socket;

    void start_some();
    bool open_channel();
    void close_channel();
    void start(NameQuestion question);
    void finish(Lookup& lookup);
    void watch(int descriptor, bool reading, bool writing);
    void wait(int descriptor, Socket& socket, bool to_write);
    void socket_ready(int descriptor, std::size_t generation, bool to_write);
    void process(int reading, int writing);
    void arm_timer();
    static void take(void* family_lookup, int status, int timeouts, ares_addrinfo* found);

    /// A socket of c-ares, which closes it; the descriptor here is only borrowed.
    struct Socket {
        explicit Socket(boost::asio::posix::stream_descriptor borrowed)
            : descriptor(std::move(borrowed)) {}
        struct Direction {
            bool wanted = false;
            bool waits = false;
        };
        boost::asio::posix::stream_descriptor descriptor;
        Direction to_read;
        Direction to_write;
        /// A descriptor's number is used again for other sockets.
        std::size_t generation = 0;
    };

    boost::asio::any_io_executor executor_;
    Sink sink_;
    boost::asio::steady_timer timer_;
    std::vector<Endpoint> servers_;
    ares_channeldata* channel_ = nullptr;
    bool closing_ = false;
    std::map<int, Socket> sockets_;
    std::size_t generation_ = 0;
    std::deque<NameQuestion> waiting_;
    std::map<const Lookup*, std::unique_ptr<Lookup>> running_;
};

}  // namespace vipd
