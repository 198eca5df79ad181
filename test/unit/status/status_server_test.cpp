// The status server over real sockets on loopback, through plain blocking reads and writes.

#include "src/status/status_server.hpp"

#include "src/status/client/socket_client.hpp"
#include "test/unit/status/example_snapshot.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/write.hpp>
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <future>
#include <system_error>

using namespace vipd;
namespace asio = boost::asio;
using asio::ip::tcp;

namespace {

/// A folder that goes when the test is over.
class Folder {
public:
    Folder() {
        std::string pattern = "/tmp/vipd-status-XXXXXX";
        path_ = ::mkdtemp(pattern.data());
    }
    ~Folder() { std::filesystem::remove_all(path_); }
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;

    std::string file(const std::string& name) const { return (path_ / name).string(); }

private:
    std::filesystem::path path_;
};

StatusOptions loopback(const Folder& folder) {
    StatusOptions options;
    options.listen = {*Endpoint::parse("127.0.0.1:0")};
    options.socket = folder.file("vipd.sock");
    return options;
}

/// Sends the bytes as they are and returns all that comes back until the server closes.
std::string converse(const StatusServer& server, const std::string& bytes) {
    asio::io_context io;
    tcp::socket socket(io);
    socket.connect({asio::ip::address_v4::loopback(), server.endpoints().front().port});
    boost::system::error_code error;
    asio::write(socket, asio::buffer(bytes), error);
    std::string answer;
    asio::read(socket, asio::dynamic_buffer(answer), error);
    return answer;
}

std::string get(const StatusServer& server, const std::string& target) {
    return converse(server, "GET " + target + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
}

/// Asks, waits for the answer to begin, and leaves the rest where it is.
class SlowReader {
public:
    SlowReader(asio::io_context& io, const StatusServer& server, const std::string& target)
        : socket_(io) {
        socket_.connect({asio::ip::address_v4::loopback(), server.endpoints().front().port});
        asio::write(socket_, asio::buffer("GET " + target + " HTTP/1.1\r\nHost: x\r\n\r\n"));
        asio::read_until(socket_, asio::dynamic_buffer(answer_), "\r\n\r\n");
    }

    /// Whether the answer comes to its end.
    bool read_all() {
        const auto head = answer_.find("\r\n\r\n") + 4;
        const auto length = answer_.find("Content-Length: ") + 16;
        const auto whole = head + std::stoul(answer_.substr(length));
        boost::system::error_code error;
        asio::read(socket_, asio::dynamic_buffer(answer_),
                   asio::transfer_exactly(whole - answer_.size()), error);
        return !error;
    }

private:
    tcp::socket socket_;
    std::string answer_;
};

std::size_t occurrences(const std::string& text, const std::string& part) {
    std::size_t count = 0;
    for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1))
        ++count;
    return count;
}

}  // namespace

TEST_CASE("what was published is served over TCP and over the Unix socket", "[edge]") {
    const Folder folder;
    StatusServer server(loopback(folder), nullptr);
    server.start();
    server.publish(std::make_shared<const Snapshot>(example_snapshot()));
    const auto answer = get(server, "/v1/status");
    CHECK(answer.starts_with("HTTP/1.1 200 OK\r\n"));
    const auto body = answer.substr(answer.find("\r\n\r\n") + 4);
    CHECK(nlohmann::json::parse(body)["node"] == "lb1001");

    const auto local =
        SocketClient(folder.file("vipd.sock")).ask("GET", "/v1/status", "", Duration(5000));
    REQUIRE(local.has_value());
    CHECK(local->status == 200);
    CHECK(local->body == body);
}

TEST_CASE("pipelined requests are answered in order", "[edge]") {
    const Folder folder;
    StatusServer server(loopback(folder), nullptr);
    server.start();
    const auto answers = converse(server,
                                  "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
                                  "HEAD /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
                                  "GET /nowhere HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    CHECK(occurrences(answers, "HTTP/1.1 200 OK") == 2);
    CHECK(occurrences(answers, "\"checks\"") == 1);
    CHECK(answers.find("HTTP/1.1 404") > answers.rfind("HTTP/1.1 200"));
}

TEST_CASE("oversized and malformed requests are told so and closed", "[edge]") {
    const Folder folder;
    StatusServer server(loopback(folder), nullptr);
    server.start();
    CHECK(converse(server, "GET / HTTP/1.1\r\nX: " + std::string(9000, 'x') + "\r\n\r\n")
              .starts_with("HTTP/1.1 431"));
    CHECK(converse(server, "POST /v1/reload HTTP/1.1\r\nContent-Length: 70000\r\n\r\n")
              .starts_with("HTTP/1.1 413"));
    CHECK(converse(server, "\x16\x03\x01 not http\r\n\r\n").starts_with("HTTP/1.1 400"));
    CHECK(get(server, "/healthz").starts_with("HTTP/1.1 200"));
}

TEST_CASE("slow readers are cut off when they leave too much unread, and who reads is served",
          "[edge]") {
    const Folder folder;
    auto options = loopback(folder);
    options.most_unread = std::size_t{1} << 20U;
    StatusServer server(options, nullptr);
    server.start();
    server.publish(std::make_shared<const Snapshot>(large_snapshot(200, 5)));
    asio::io_context io;
    std::vector<SlowReader> slow;
    for (int i = 0; i < 8; ++i)
        slow.emplace_back(io, server, "/v1/services");
    const auto answer = get(server, "/v1/services");
    CHECK(nlohmann::json::parse(answer.substr(answer.find("\r\n\r\n") + 4))["matched"] == 201);
    CHECK_FALSE(slow.front().read_all());
    CHECK(get(server, "/healthz").starts_with("HTTP/1.1 200"));
}

TEST_CASE("the socket's file is for owner and group only, and goes with the server", "[edge]") {
    const Folder folder;
    const auto before = ::umask(0077);
    {
        const StatusServer server(loopback(folder), nullptr);
        struct ::stat found {};
        REQUIRE(::stat(folder.file("vipd.sock").c_str(), &found) == 0);
        CHECK((found.st_mode & 0777U) == 0660U);
    }
    ::umask(before);
    CHECK_FALSE(std::filesystem::exists(folder.file("vipd.sock")));
}

TEST_CASE("a socket file left behind is replaced, one in use is not", "[edge]") {
    const Folder folder;
    const auto path = folder.file("vipd.sock");
    {
        asio::io_context io;
        asio::local::stream_protocol::acceptor dead(io,
                                                    asio::local::stream_protocol::endpoint(path));
    }
    REQUIRE(std::filesystem::exists(path));
    const StatusServer server(loopback(folder), nullptr);
    StatusOptions second = loopback(folder);
    CHECK_THROWS_WITH(StatusServer(second, nullptr),
                      Catch::Contains(path) && Catch::Contains("in use"));
}

TEST_CASE("a file that is not a socket is left alone", "[edge]") {
    const Folder folder;
    std::ofstream(folder.file("vipd.sock")) << "precious";
    CHECK_THROWS_AS(StatusServer(loopback(folder), nullptr), std::system_error);
    CHECK(std::filesystem::file_size(folder.file("vipd.sock")) == 8);
}

TEST_CASE("an address in use is named with the reason", "[edge]") {
    const Folder folder;
    const StatusServer server(loopback(folder), nullptr);
    StatusOptions taken;
    taken.listen = server.endpoints();
    CHECK_THROWS_WITH(
        StatusServer(taken, nullptr),
        Catch::Contains(server.endpoints().front().to_string()) && Catch::Contains("in use"));
}

TEST_CASE("open connections do not keep the server from stopping", "[edge]") {
    const Folder folder;
    asio::io_context io;
    tcp::socket idle(io);
    {
        StatusServer server(loopback(folder), nullptr);
        server.start();
        idle.connect({asio::ip::address_v4::loopback(), server.endpoints().front().port});
        CHECK(get(server, "/healthz").starts_with("HTTP/1.1 200"));
    }
    char byte = 0;
    boost::system::error_code error;
    idle.read_some(asio::buffer(&byte, 1), error);
    CHECK(error);
}

TEST_CASE("a follower hears of an event when it happens", "[edge]") {
    const Folder folder;
    StatusServer server(loopback(folder), nullptr);
    server.start();
    asio::io_context io;
    tcp::socket socket(io);
    socket.connect({asio::ip::address_v4::loopback(), server.endpoints().front().port});
    asio::write(socket, asio::buffer(std::string("GET /v1/events?after=0 HTTP/1.1\r\nHost: x\r\n"
                                                 "Accept: text/event-stream\r\n\r\n")));
    std::string heard;
    asio::read_until(socket, asio::dynamic_buffer(heard), "retry: 2000\n\n");
    CHECK(heard.find("Content-Type: text/event-stream\r\n") != std::string::npos);
    server.publish(Event{1, std::nullopt, {}, "server-down", "text/cp1", "down"});
    asio::read_until(socket, asio::dynamic_buffer(heard), "\"text\":\"down\"}\n\n");
    CHECK(heard.find("id: 1\ndata: ") != std::string::npos);
}

TEST_CASE("a command reaches the control thread with its caller, and its result comes back",
          "[edge]") {
    const Folder folder;
    std::optional<Command> taken;
    StatusServer server(loopback(folder), [&](Command command, const auto& reply) {
        taken = std::move(command);
        reply({Outcome::refused, "below the floor", ""});
    });
    server.start();
    const auto reply = SocketClient(folder.file("vipd.sock"))
                           .ask("POST", "/v1/drain", R"({"server":"cp1"})", Duration(5000));
    REQUIRE(reply.has_value());
    CHECK(reply->status == 409);
    CHECK(nlohmann::json::parse(reply->body)["message"] == "below the floor");
    REQUIRE(taken);
    CHECK(taken->caller == Caller{::getuid(), ::getpid()});
    CHECK(std::get<SetAdmin>(taken->action).server == "cp1");
}

TEST_CASE("a command over TCP is refused", "[edge]") {
    const Folder folder;
    StatusServer server(loopback(folder), [](const Command&, const auto& reply) { reply({}); });
    server.start();
    CHECK(converse(server,
                   "POST /v1/restart HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n"
                   "Connection: close\r\n\r\n")
              .starts_with("HTTP/1.1 403"));
}

TEST_CASE("the doctor's report comes from behind the control thread, over TCP too", "[edge]") {
    const Folder folder;
    StatusServer server(loopback(folder), [](const Command& command, const auto& reply) {
        CHECK(std::holds_alternative<Examine>(command.action));
        reply({Outcome::done, "", R"({"node":"lb1","findings":[]})"});
    });
    server.start();
    const auto reply = get(server, "/v1/doctor");
    CHECK(reply.starts_with("HTTP/1.1 200"));
    CHECK(reply.ends_with(R"({"node":"lb1","findings":[]})"));
}

TEST_CASE("what the probes of a server found is asked of those who run them", "[edge]") {
    const Folder folder;
    StatusServer server(loopback(folder), [](const Command& command, const auto& reply) {
        CHECK(std::get<ShowProbes>(command.action) == ShowProbes{"text-https", "cp1"});
        reply({Outcome::done, "", R"({"probes":[]})"});
    });
    server.start();
    server.publish(std::make_shared<const Snapshot>(example_snapshot()));
    const auto path = "/v1/services/text-https/servers/cp1/probes";
    std::string reply;
    for (int i = 0; i < 500 && !reply.starts_with("HTTP/1.1 200"); ++i)
        reply = get(server, path);  // until the picture has arrived
    CHECK(reply.ends_with(R"({"probes":[]})"));
}

TEST_CASE("a reply may come when asker and server have gone", "[edge]") {
    const Folder folder;
    std::promise<std::function<void(CommandResult)>> taken;
    std::function<void(CommandResult)> late;
    {
        StatusServer server(loopback(folder),
                            [&](const Command&, auto reply) { taken.set_value(std::move(reply)); });
        server.start();
        const auto gone =
            SocketClient(folder.file("vipd.sock")).ask("POST", "/v1/restart", "", Duration(30));
        CHECK(gone.has_error());
        late = taken.get_future().get();
    }
    late({Outcome::done, "too late", ""});
}

TEST_CASE("nobody behind the socket is told apart from no answer", "[edge]") {
    const Folder folder;
    const auto missing =
        SocketClient(folder.file("none.sock")).ask("GET", "/healthz", "", Duration(1000));
    REQUIRE(missing.has_error());
    CHECK_FALSE(missing.error().timed_out);

    asio::io_context io;
    const auto path = folder.file("mute.sock");
    asio::local::stream_protocol::acceptor mute(io, asio::local::stream_protocol::endpoint(path));
    const auto silent = SocketClient(path).ask("GET", "/healthz", "", Duration(20));
    REQUIRE(silent.has_error());
    CHECK(silent.error().timed_out);
}
