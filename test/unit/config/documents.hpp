#pragma once
// Documents to start from: small ones that are right, so that a test shows only what it is about.

#include "src/config/read_config.hpp"

#include <nlohmann/json.hpp>

#include <string>
#include <vector>

namespace vipd::test {

/// The smallest configuration that is accepted.
inline nlohmann::json smallest() {
    return nlohmann::json::parse(R"({
        "version": 1,
        "vips": {"web": {"addresses": ["203.0.113.10"]}},
        "services": {"http": {"vip": "web", "port": 80, "servers": {"a": {"address": "10.0.0.1"}},
                              "monitors": [{"type": "tcp"}]}}
    })");
}

/// The same with a router, our end of the session, and both families.
inline nlohmann::json dual_stack() {
    auto document = smallest();
    document.merge_patch(nlohmann::json::parse(R"({
        "bgp": {"local_as": 64601, "router_id": "192.0.2.10", "next_hop": {"ipv6": "2001:db8::10"},
                "peers": {"cr1": {"address": "192.0.2.1", "remote_as": 64600}}},
        "vips": {"web": {"addresses": ["203.0.113.10", "2001:db8:f::10"]}},
        "services": {"http": {"servers": {"a": {"address": ["10.0.0.1", "2001:db8::1"]}}}}
    })"));
    return document;
}

inline ConfigReading read(const nlohmann::json& document) {
    return read_config(document.dump(1), "/etc/vipd/vipd.json", "lb1");
}

/// Problems as an operator sees them, without file and position.
inline std::vector<std::string> problems_of(const nlohmann::json& document) {
    std::vector<std::string> lines;
    for (auto problem : read(document).problems) {
        problem.file.clear();
        problem.line = 0;
        lines.push_back(problem.to_string());
    }
    return lines;
}

/// The same after an RFC 7396 merge patch on a document.
inline std::vector<std::string> problems_with(nlohmann::json document, const std::string& patch) {
    document.merge_patch(nlohmann::json::parse(patch));
    return problems_of(document);
}

}  // namespace vipd::test
