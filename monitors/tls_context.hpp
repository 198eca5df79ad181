#pragma once
// OpenSSL's part that is the same for all probes of one check: trust, names, our own certificate.

#include "monitors/check.hpp"
#include "src/base/reason.hpp"

#include <boost/system/result.hpp>

#include <memory>
#include <string>

struct ssl_ctx_st;
struct ssl_st;

namespace vipd::monitors {

struct SslCtxDelete {
    void operator()(ssl_ctx_st* context) const;
};
struct SslDelete {
    void operator()(ssl_st* ssl) const;
};
using SslHandle = std::unique_ptr<ssl_st, SslDelete>;

/// Immutable once made.
class TlsContext {
public:
    /// Reads the files that the options name. "tls-setup" with what is wrong with them.
    static boost::system::result<std::unique_ptr<const TlsContext>, Reason> make(
        const TlsOptions& options);

    /// A client's end over a connected socket, which it does not own. Null only when memory is
    /// short.
    SslHandle connect(int fd) const;

    const TlsOptions& options() const { return options_; }

private:
    TlsContext(TlsOptions options, std::unique_ptr<ssl_ctx_st, SslCtxDelete> context);

    TlsOptions options_;
    std::unique_ptr<ssl_ctx_st, SslCtxDelete> context_;
};

}  // namespace vipd::monitors
