#pragma once
// A TCP connection, with TLS if asked, that may outlive the probe that made it.

#include "monitors/socket.hpp"
#include "monitors/tls_stream.hpp"

#include <optional>

namespace vipd::monitors {

struct StreamConnection {
    Fd socket;
    std::optional<TlsStream> tls;  // goes before its socket
    unsigned exchanges = 0;  // that have taken place on it
};

}  // namespace vipd::monitors
