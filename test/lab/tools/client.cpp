// The lab's client: begins one HTTP request every interval, whatever became of the ones before, and
// writes one line for each: when it began, when it ended (seconds since the epoch, guest clock),
// what came of it, which server answered, octets of the body, our port.
//   lab_client ADDRESS PORT PATH INTERVAL_MS TIMEOUT_MS >> LOG
// Results: ok, refused, reset, unreachable, timeout-connecting, timeout-waiting, short (closed
// before Content-Length), status-NNN, error-NNN. SIGTERM stops new requests and waits for the open
// ones.

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

namespace {

using Clock = std::chrono::system_clock;
using Time = Clock::time_point;

constexpr std::size_t max_open = 1000;
constexpr std::size_t max_head = 4096;

volatile std::sig_atomic_t stopping = 0;

struct Target {
    sockaddr_storage address{};
    socklen_t length = 0;
    std::string request;
    std::chrono::milliseconds timeout{};
};

struct Request {
    int descriptor = -1;
    Time begun;
    Time deadline;
    bool sent = false;
    std::string head;  // status line and header fields, without the body
    std::size_t body = 0;  // octets received
    bool head_complete = false;
};

double seconds(Time time) {
    return std::chrono::duration<double>(time.time_since_epoch()).count();
}

std::string header_field(const std::string& head, std::string_view name) {
    auto at = head.find(std::string{"\r\n"}.append(name).append(": "));
    if (at == std::string::npos) return {};
    at += name.size() + 4;
    return head.substr(at, head.find("\r\n", at) - at);
}

std::string describe(int error) {
    if (error == ECONNREFUSED) return "refused";
    if (error == ECONNRESET || error == EPIPE) return "reset";
    if (error == EHOSTUNREACH || error == ENETUNREACH) return "unreachable";
    return "error-" + std::to_string(error);
}

/// What a request whose connection was closed in order amounts to.
std::string judge(const Request& request) {
    if (!request.head_complete) return "short";
    const auto status = request.head.substr(std::min<std::size_t>(9, request.head.size()), 3);
    if (status != "200") return "status-" + status;
    const auto length = header_field(request.head, "Content-Length");
    if (length.empty() || std::strtoull(length.c_str(), nullptr, 10) != request.body)
        return "short";
    return "ok";
}

/// By which the connection is found in the balancer's table.
unsigned local_port(int descriptor) {
    sockaddr_storage address{};
    socklen_t length = sizeof address;
    getsockname(descriptor, reinterpret_cast<sockaddr*>(&address), &length);
    return ntohs(reinterpret_cast<const sockaddr_in&>(address).sin_port);  // where v6 has it too
}

void finish(Request& request, const std::string& result) {
    auto server = header_field(request.head, "X-Server");
    if (server.empty()) server = "-";
    std::printf("%.6f %.6f %s %s %zu %u\n", seconds(request.begun), seconds(Clock::now()),
                result.c_str(), server.c_str(), request.body, local_port(request.descriptor));
    std::fflush(stdout);
    close(request.descriptor);
    request.descriptor = -1;
}

Request begin(const Target& target) {
    Request request;
    request.begun = Clock::now();
    request.deadline = request.begun + target.timeout;
    request.descriptor =
        socket(target.address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (request.descriptor < 0) {
        std::perror("lab_client: socket");
        std::exit(1);
    }
    const auto* address = reinterpret_cast<const sockaddr*>(&target.address);
    if (connect(request.descriptor, address, target.length) < 0 && errno != EINPROGRESS)
        finish(request, describe(errno));
    return request;
}

void receive(Request& request) {
    char buffer[65536];
    const auto count = recv(request.descriptor, buffer, sizeof buffer, 0);
    if (count < 0) {
        if (errno != EAGAIN) finish(request, describe(errno));
        return;
    }
    if (count == 0) return finish(request, judge(request));
    const std::string_view bytes{buffer, static_cast<std::size_t>(count)};
    if (request.head_complete) {
        request.body += bytes.size();
        return;
    }
    request.head += bytes;
    const auto end = request.head.find("\r\n\r\n");
    if (end == std::string::npos) {
        if (request.head.size() > max_head) finish(request, "head-too-long");
        return;
    }
    request.body = request.head.size() - (end + 4);
    request.head.resize(end + 2);
    request.head_complete = true;
}

void advance_request(Request& request, short events, const Target& target) {
    if (request.sent) return receive(request);
    int error = 0;
    socklen_t size = sizeof error;
    getsockopt(request.descriptor, SOL_SOCKET, SO_ERROR, &error, &size);
    if (error != 0) return finish(request, describe(error));
    if ((events & POLLOUT) == 0) return;
    const auto count =
        send(request.descriptor, target.request.data(), target.request.size(), MSG_NOSIGNAL);
    if (count < 0) return finish(request, describe(errno));
    request.sent = true;  // a request of 100 octets goes into an empty send buffer whole
}

void wait_for_events(std::vector<Request>& requests, Time until, const Target& target) {
    std::vector<pollfd> polled;
    for (const auto& request : requests) {
        const short wanted = request.sent ? POLLIN : POLLOUT;
        polled.push_back({.fd = request.descriptor, .events = wanted, .revents = 0});
        until = std::min(until, request.deadline);
    }
    const auto wait = std::chrono::ceil<std::chrono::milliseconds>(until - Clock::now()).count();
    if (poll(polled.data(), polled.size(), static_cast<int>(std::clamp<long>(wait, 0, 1000))) < 0)
        return;
    const auto now = Clock::now();
    for (std::size_t i = 0; i < requests.size(); ++i) {
        if (polled[i].revents != 0) advance_request(requests[i], polled[i].revents, target);
        if (requests[i].descriptor >= 0 && requests[i].deadline <= now)
            finish(requests[i], requests[i].sent ? "timeout-waiting" : "timeout-connecting");
    }
    std::erase_if(requests, [](const Request& request) { return request.descriptor < 0; });
}

bool parse_address(const char* text, std::uint16_t port, Target& target) {
    auto* v4 = reinterpret_cast<sockaddr_in*>(&target.address);
    if (inet_pton(AF_INET, text, &v4->sin_addr) == 1) {
        v4->sin_family = AF_INET;
        v4->sin_port = htons(port);
        target.length = sizeof *v4;
        return true;
    }
    auto* v6 = reinterpret_cast<sockaddr_in6*>(&target.address);
    v6->sin6_family = AF_INET6;
    v6->sin6_port = htons(port);
    target.length = sizeof *v6;
    return inet_pton(AF_INET6, text, &v6->sin6_addr) == 1;
}

}  // namespace

int main(int argc, char** argv) {
    Target target;
    if (argc != 6 ||
        !parse_address(argv[1], static_cast<std::uint16_t>(std::atoi(argv[2])), target)) {
        std::fputs("usage: lab_client ADDRESS PORT PATH INTERVAL_MS TIMEOUT_MS\n", stderr);
        return 2;
    }
    target.request =
        std::string{"GET "} + argv[3] + " HTTP/1.1\r\nHost: lab\r\nConnection: close\r\n\r\n";
    const std::chrono::milliseconds interval{std::max(1, std::atoi(argv[4]))};
    target.timeout = std::chrono::milliseconds{std::atoi(argv[5])};
    std::signal(SIGTERM, [](int) { stopping = 1; });

    std::vector<Request> requests;
    auto due = Clock::now();
    while (stopping == 0 || !requests.empty()) {
        if (stopping == 0 && Clock::now() >= due && requests.size() < max_open) {
            requests.push_back(begin(target));
            std::erase_if(requests, [](const Request& request) { return request.descriptor < 0; });
            due = std::max(due + interval, Clock::now() - std::chrono::seconds{1});
        }
        // Nothing is due any more when stopping: only answers and timeouts are waited for.
        wait_for_events(requests, stopping == 0 ? due : Time::max(), target);
    }
}
