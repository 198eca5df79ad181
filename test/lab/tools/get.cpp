// What a GET of vipd's Unix socket answers, its body alone. Linked statically, so that on an
// emulated machine it starts at once, which curl with its forty libraries does not.
//   lab_get SOCKET PATH

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstring>
#include <string>

int main(int argc, char** argv) {
    if (argc != 3) {
        std::fputs("usage: lab_get SOCKET PATH\n", stderr);
        return 2;
    }
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, argv[1], sizeof address.sun_path - 1);
    const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const timeval patience{.tv_sec = 5, .tv_usec = 0};
    ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    if (::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) return 1;

    // HTTP/1.0: the answer ends with the connection, and is not chunked.
    const auto request = std::string("GET ") + argv[2] + " HTTP/1.0\r\nHost: vipd\r\n\r\n";
    if (::send(fd, request.data(), request.size(), MSG_NOSIGNAL) < 0) return 1;
    std::string answer;
    std::array<char, 65536> part{};
    ssize_t size = 0;
    while ((size = ::read(fd, part.data(), part.size())) > 0)
        answer.append(part.data(), static_cast<std::size_t>(size));
    const auto head = answer.find("\r\n\r\n");
    if (size < 0 || head == std::string::npos) return 1;
    std::fwrite(answer.data() + head + 4, 1, answer.size() - head - 4, stdout);
    return 0;
}
