#include "src/status/client/json_text.hpp"

namespace vipd {
using nlohmann::json;

const json& at(const json& object, const char* name) {
    static const json nothing;
    if (!object.is_object()) return nothing;
    const auto found = object.find(name);
    return found == object.end() ? nothing : *found;
}

std::string text(const json& value) {
    if (value.is_string()) return value.get<std::string>();
    if (value.is_null()) return "-";
    return value.dump();
}

std::string text(const json& object, const char* name) {
    return text(at(object, name));
}

bool holds(const json& object, const char* name) {
    return at(object, name) == true;
}

std::string reason(const json& object, const char* name) {
    return text(at(object, name), "text");
}

std::string port_text(const json& service) {
    const auto& mark = at(service, "firewall_mark");
    if (mark.is_number() && mark != 0) return "mark " + text(mark);
    return text(service, "protocol") + "/" + text(service, "port");
}

}  // namespace vipd
