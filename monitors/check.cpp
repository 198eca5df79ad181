#include "monitors/check.hpp"

#include "src/base/overloaded.hpp"

#include <functional>

namespace vipd::monitors {

std::string type_name(const Check& check) {
    return std::visit(
        overloaded{[](const TcpCheck&) { return "tcp"; }, [](const HttpCheck&) { return "http"; }},
        check);
}

std::size_t hash_value(const Check& check) {
    const auto text =
        std::visit(overloaded{[](const TcpCheck&) { return std::string(); },
                              [](const HttpCheck& http) { return http.host + http.target; }},
                   check);
    return std::hash<std::string>{}(text) ^ check.index();
}

}  // namespace vipd::monitors
