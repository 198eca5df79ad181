#pragma once
// The API's JSON as text for a person at a terminal. Pure. Members that are missing read as "-":
// vipctl may be newer or older than the daemon it asks.

#include <nlohmann/json_fwd.hpp>

#include <chrono>
#include <string>

namespace vipd {

struct View {
    std::size_t width = 0;  // of the terminal; 0: do not wrap
    bool colour = false;
    std::chrono::system_clock::time_point now;
};

std::string show_status(const nlohmann::json& status, const View& view);
std::string show_vips(const nlohmann::json& vips, const View& view);
std::string show_services(const nlohmann::json& services, const View& view);
std::string show_servers(const nlohmann::json& services, const View& view);
std::string show_peers(const nlohmann::json& peers, const View& view);
std::string show_routes(const nlohmann::json& vips, const View& view);
std::string show_names(const nlohmann::json& names, const View& view);
std::string show_alerts(const nlohmann::json& alerts, const View& view);
std::string show_doctor(const nlohmann::json& report, const View& view);
std::string show_events(const nlohmann::json& events);

/// One event as one line.
std::string event_line(const nlohmann::json& event);

/// "8 s", "3 min", "5 h", "12 d" between an ISO time as the API writes it and now; "-" for anything
/// else.
std::string age_text(const nlohmann::json& since, const View& view);

}  // namespace vipd
