#pragma once
// One TLS connection of a probe over a non-blocking socket.

#include "monitors/tls_context.hpp"
#include "src/base/reason.hpp"

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace vipd::monitors {

/// What became of one attempt to move bytes.
struct Transfer {
    enum class Status { moved, again, closed, failed } status = Status::again;
    std::size_t bytes = 0;
    Reason reason{};  // of a failure
};

/// The newest message of OpenSSL's error queue, which is empty afterwards.
std::string take_openssl_error();

class TlsStream {
public:
    /// `context` must outlive this object; `fd` stays the caller's.
    TlsStream(const TlsContext& context, int fd) : context_(context), ssl_(context.connect(fd)) {}

    /// moved: done, the certificate is as it should be.
    Transfer handshake();
    Transfer read(std::span<char> buffer);
    Transfer write(std::string_view bytes);

private:
    Transfer outcome(int returned, std::string_view failure_code) const;
    std::optional<Reason> certificate_problem() const;

    const TlsContext& context_;
    SslHandle ssl_;
};

}  // namespace vipd::monitors
