#pragma once
// One TLS connection of a probe over a non-blocking socket.

#include "monitors/tls_context.hpp"
#include "src/base/reason.hpp"

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>

struct x509_store_ctx_st;

namespace vipd::monitors {

/// What became of one attempt to move bytes.
struct Transfer {
    enum class Status { moved, again, closed, failed } status = Status::again;
    std::size_t bytes = 0;
    Reason reason{};  // of a failure
};

/// The newest message of OpenSSL's error queue, which is empty afterwards.
std::string take_openssl_error();

/// For SSL_CTX_set_verify(3): keeps the names of a certificate that fails because of its name.
int keep_refused_names(int ok, x509_store_ctx_st* verification);

class TlsStream {
public:
    /// `context` must outlive this object; `fd` stays the caller's.
    TlsStream(const TlsContext& context, int fd);
    TlsStream(const TlsStream&) = delete;  // OpenSSL knows where it is
    TlsStream& operator=(const TlsStream&) = delete;

    /// moved: done, the certificate is as it should be.
    Transfer handshake();
    Transfer read(std::span<char> buffer);
    Transfer write(std::string_view bytes);

private:
    Transfer outcome(int returned, std::string_view failure_code) const;
    Reason verification_problem() const;
    std::optional<Reason> certificate_problem() const;

    const TlsContext& context_;
    SslHandle ssl_;
    std::string refused_names_;  // of the certificate whose name did not match
};

}  // namespace vipd::monitors
