#include "monitors/tls_stream.hpp"

#include "monitors/socket.hpp"
#include "monitors/text.hpp"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>

namespace vipd::monitors {

namespace {

constexpr std::size_t most_names_shown = 5;

/// The DNS names of a certificate: what it could have been asked for. They come from the server, so
/// quoted.
std::string certificate_names(const X509* certificate) {
    auto* names = static_cast<GENERAL_NAMES*>(
        X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr));
    std::string text;
    std::size_t shown = 0;
    for (int i = 0; i < sk_GENERAL_NAME_num(names) && shown < most_names_shown; ++i) {
        const auto* name = sk_GENERAL_NAME_value(names, i);
        if (name->type != GEN_DNS) continue;
        const auto* string = name->d.dNSName;
        if (shown++ > 0) text += ", ";
        text += quoted({reinterpret_cast<const char*>(ASN1_STRING_get0_data(string)),
                        static_cast<std::size_t>(ASN1_STRING_length(string))});
    }
    GENERAL_NAMES_free(names);
    return text.empty() ? "no DNS name" : text;
}

bool is_name_mismatch(long result) {
    return result == X509_V_ERR_HOSTNAME_MISMATCH || result == X509_V_ERR_IP_ADDRESS_MISMATCH;
}

std::string days_text(long seconds) {
    constexpr long day = 86400;
    return std::to_string(seconds / day) + " days";
}

}  // namespace

std::string take_openssl_error() {
    const auto error = ERR_peek_last_error();
    ERR_clear_error();
    const char* reason = ERR_reason_error_string(error);
    return reason != nullptr ? reason : "unknown error";
}

/// After a failed handshake OpenSSL no longer has the certificate.
int keep_refused_names(int ok, X509_STORE_CTX* verification) {
    const auto* certificate = X509_STORE_CTX_get_current_cert(verification);
    if (ok == 1 || certificate == nullptr ||
        !is_name_mismatch(X509_STORE_CTX_get_error(verification)))
        return ok;
    const auto* ssl = static_cast<SSL*>(
        X509_STORE_CTX_get_ex_data(verification, SSL_get_ex_data_X509_STORE_CTX_idx()));
    auto* names = static_cast<std::string*>(SSL_get_ex_data(ssl, 0));
    if (names != nullptr) *names = certificate_names(certificate);
    return ok;
}

TlsStream::TlsStream(const TlsContext& context, int fd)
    : context_(context), ssl_(context.connect(fd)) {
    if (ssl_) SSL_set_ex_data(ssl_.get(), 0, &refused_names_);  // 0: the application's own
}

Transfer TlsStream::handshake() {
    if (!ssl_)
        return {.status = Transfer::Status::failed,
                .reason = {"tls-setup", "OpenSSL has no memory"}};
    ERR_clear_error();
    const int returned = SSL_do_handshake(ssl_.get());
    if (returned != 1) {
        const bool refused_by_us =
            SSL_get_verify_result(ssl_.get()) != X509_V_OK && context_.options().verify;
        if (SSL_get_error(ssl_.get(), returned) == SSL_ERROR_SSL && refused_by_us) {
            ERR_clear_error();
            return {.status = Transfer::Status::failed, .reason = verification_problem()};
        }
        return outcome(returned, "tls-handshake");
    }
    if (auto problem = certificate_problem())
        return {.status = Transfer::Status::failed, .reason = *std::move(problem)};
    return {.status = Transfer::Status::moved};
}

Transfer TlsStream::read(std::span<char> buffer) {
    ERR_clear_error();
    return outcome(SSL_read(ssl_.get(), buffer.data(), static_cast<int>(buffer.size())),
                   "tls-broken");
}

Transfer TlsStream::write(std::string_view bytes) {
    constexpr std::size_t most = 16384;  // one record
    ERR_clear_error();
    return outcome(
        SSL_write(ssl_.get(), bytes.data(), static_cast<int>(std::min(bytes.size(), most))),
        "tls-broken");
}

Transfer TlsStream::outcome(int returned, std::string_view failure_code) const {
    using Status = Transfer::Status;
    if (returned > 0) return {.status = Status::moved, .bytes = static_cast<std::size_t>(returned)};
    const int system_error = errno;
    switch (SSL_get_error(ssl_.get(), returned)) {
        case SSL_ERROR_WANT_READ:
        case SSL_ERROR_WANT_WRITE:
            return {.status = Status::again};
        case SSL_ERROR_ZERO_RETURN:
            return {.status = Status::closed};
        case SSL_ERROR_SYSCALL:
            ERR_clear_error();
            if (system_error == 0) return {.status = Status::closed};
            return {.status = Status::failed, .reason = socket_reason(system_error)};
        default:
            break;
    }
    // Many servers leave without close_notify; whether the answer was whole, its framing tells.
    const bool cut_off =
        ERR_GET_REASON(ERR_peek_last_error()) == SSL_R_UNEXPECTED_EOF_WHILE_READING;
    auto text = take_openssl_error();
    if (cut_off) return {.status = Status::closed};
    return {.status = Status::failed, .reason = {std::string(failure_code), std::move(text)}};
}

Reason TlsStream::verification_problem() const {
    const auto result = SSL_get_verify_result(ssl_.get());
    if (!is_name_mismatch(result))
        return {"tls-certificate", X509_verify_cert_error_string(result)};
    return {"tls-certificate",
            "got a certificate for " + refused_names_ + ", accepted " + context_.options().name};
}

/// What the handshake itself does not look at.
std::optional<Reason> TlsStream::certificate_problem() const {
    const auto margin = context_.options().expiry_margin;
    const auto* certificate = SSL_get0_peer_certificate(ssl_.get());
    if (margin.count() == 0 || certificate == nullptr) return std::nullopt;
    int days = 0;
    int seconds = 0;
    if (ASN1_TIME_diff(&days, &seconds, nullptr, X509_get0_notAfter(certificate)) != 1) {
        return Reason{"tls-certificate", "its end of validity cannot be read"};
    }
    const long left = days * 86400L + seconds;
    if (left >= margin.count()) return std::nullopt;
    return Reason{"tls-expiry", "the certificate ends in " + days_text(left) +
                                    ", accepted at least " + days_text(margin.count())};
}

}  // namespace vipd::monitors
