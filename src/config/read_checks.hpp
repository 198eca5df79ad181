#pragma once
// The keys that belong to one type of monitor: one reader a type, which fills MonitorConfig::check
// (and the port, where the type has one).

#include "src/config/config.hpp"
#include "src/config/object_reader.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace vipd {

void read_http_check(ObjectReader& reader, const Folders& folders, MonitorConfig& monitor);
void read_tcp_check(ObjectReader& reader, const Folders& folders, MonitorConfig& monitor);
void read_tls_check(ObjectReader& reader, const Folders& folders, MonitorConfig& monitor);
void read_idle_tcp_check(ObjectReader& reader, const Folders& folders, MonitorConfig& monitor);
void read_udp_check(ObjectReader& reader, const Folders& folders, MonitorConfig& monitor);
void read_dns_check(ObjectReader& reader, const Folders& folders, MonitorConfig& monitor);
void read_icmp_check(ObjectReader& reader, const Folders& folders, MonitorConfig& monitor);
void read_script_check(ObjectReader& reader, const Folders& folders, MonitorConfig& monitor);
void read_file_check(ObjectReader& reader, const Folders& folders, MonitorConfig& monitor);

// --- what several types have ---

/// "port": where to connect to.
void read_port(ObjectReader& reader, MonitorConfig& monitor);
/// The "tls" object; what is not written stays as it is in `tls`.
void read_tls_options(ObjectReader& reader, const Folders& folders, monitors::TlsOptions& tls);
/// "send" or "send_hex": bytes.
void read_send(ObjectReader& reader, std::string& into);
/// "expect" or "expect_hex": a pattern.
void read_expect(ObjectReader& reader, monitors::BytePattern& into);
/// Reports the second of two keys that exclude each other.
void exclude(ObjectReader& reader, std::string_view first, std::string_view second);

}  // namespace vipd
