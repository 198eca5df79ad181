#include "monitors/check.hpp"

#include "src/base/overloaded.hpp"

#include <functional>

namespace vipd::monitors {

namespace {

/// What most often tells two checks of one type apart.
std::string distinction(const Check& check) {
    return std::visit(overloaded{[](const TcpCheck& tcp) {
                                     return tcp.exchanges.empty() ? "" : tcp.exchanges[0].send;
                                 },
                                 [](const HttpCheck& http) { return http.host + http.target; },
                                 [](const IdleTcpCheck&) { return std::string(); },
                                 [](const TlsCheck& tls) { return tls.tls.name; },
                                 [](const DnsCheck& dns) { return dns.name; },
                                 [](const UdpCheck& udp) { return udp.send; },
                                 [](const IcmpCheck&) { return std::string(); },
                                 [](const ScriptCheck& script) {
                                     return script.arguments.empty() ? "" : script.arguments.back();
                                 },
                                 [](const FileCheck& file) { return file.path; },
                                 [](const LoopbackCheck&) { return std::string(); }},
                      check);
}

}  // namespace

std::vector<Exchange> redis_preset() {
    return {{.send = "PING\r\n", .expect = BytePattern::literal("+PONG\r\n")}};
}

std::vector<Exchange> smtp_preset() {
    return {{.expect = BytePattern::literal("220")},
            {.send = "QUIT\r\n", .expect = BytePattern::literal("221 "), .at_start = false}};
}

std::string type_name(const Check& check) {
    return std::string(type_names[check.index()]);
}

std::size_t hash_value(const Check& check) {
    return std::hash<std::string>{}(distinction(check)) ^ check.index();
}

}  // namespace vipd::monitors
