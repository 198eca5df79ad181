#include "monitors/tls_context.hpp"

#include "monitors/tls_stream.hpp"
#include "src/base/address.hpp"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include <array>
#include <utility>

namespace vipd::monitors {

namespace {

Reason setup_problem(const std::string& what) {
    return {"tls-setup", what + ": " + take_openssl_error()};
}

struct StoreDelete {
    void operator()(X509_STORE* store) const { X509_STORE_free(store); }
};

/// The system's authorities, parsed once: that takes some ten milliseconds, and many checks share
/// them.
X509_STORE* system_store() {
    static const std::unique_ptr<X509_STORE, StoreDelete> store = [] {
        std::unique_ptr<X509_STORE, StoreDelete> made(X509_STORE_new());
        X509_STORE_set_default_paths(made.get());
        return made;
    }();
    return store.get();
}

/// SSL_set_tlsext_host_name(3), whose macro casts in the old style.
bool set_sni(SSL* ssl, const std::string& name) {
    return SSL_ctrl(ssl, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name,
                    const_cast<char*>(name.c_str())) == 1;
}

bool set_name(SSL* ssl, const TlsOptions& options) {
    if (options.name.empty()) return true;
    const bool is_address = Address::parse(options.name).has_value();
    if (!is_address && !set_sni(ssl, options.name)) return false;
    if (!options.verify) return true;
    if (is_address)
        return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), options.name.c_str()) == 1;
    SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    return SSL_set1_host(ssl, options.name.c_str()) == 1;
}

}  // namespace

void SslCtxDelete::operator()(ssl_ctx_st* context) const {
    SSL_CTX_free(context);
}
void SslDelete::operator()(ssl_st* ssl) const {
    SSL_free(ssl);
}

TlsContext::TlsContext(TlsOptions options, std::unique_ptr<ssl_ctx_st, SslCtxDelete> context)
    : options_(std::move(options)), context_(std::move(context)) {}

boost::system::result<std::unique_ptr<const TlsContext>, Reason> TlsContext::make(
    const TlsOptions& options) {
    std::unique_ptr<ssl_ctx_st, SslCtxDelete> context(SSL_CTX_new(TLS_client_method()));
    if (!context) return setup_problem("no context");
    SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
    SSL_CTX_set_mode(context.get(), SSL_MODE_ENABLE_PARTIAL_WRITE |
                                        SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                        SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_session_cache_mode(context.get(),
                                   SSL_SESS_CACHE_OFF);  // each probe is to try the whole handshake
    SSL_CTX_set_verify(context.get(), options.verify ? SSL_VERIFY_PEER : SSL_VERIFY_NONE,
                       keep_refused_names);
    if (options.ca_file.empty()) {
        SSL_CTX_set1_cert_store(context.get(), system_store());
    } else if (SSL_CTX_load_verify_file(context.get(), options.ca_file.c_str()) != 1) {
        return setup_problem("cannot use " + options.ca_file);
    }
    if (!options.certificate_file.empty()) {
        if (SSL_CTX_use_certificate_chain_file(context.get(), options.certificate_file.c_str()) !=
            1) {
            return setup_problem("cannot use " + options.certificate_file);
        }
        if (SSL_CTX_use_PrivateKey_file(context.get(), options.key_file.c_str(),
                                        SSL_FILETYPE_PEM) != 1 ||
            SSL_CTX_check_private_key(context.get()) != 1) {
            return setup_problem("cannot use " + options.key_file);
        }
    }
    return std::unique_ptr<const TlsContext>(new TlsContext(options, std::move(context)));
}

SslHandle TlsContext::connect(int fd) const {
    SslHandle ssl(SSL_new(context_.get()));
    if (!ssl || SSL_set_fd(ssl.get(), fd) != 1 || !set_name(ssl.get(), options_)) return nullptr;
    SSL_set_connect_state(ssl.get());
    return ssl;
}

}  // namespace vipd::monitors
