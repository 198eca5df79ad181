#include "src/status/doctor.hpp"

#include "src/base/json_writer.hpp"

namespace vipd {

std::string doctor_json(const std::string& node, const std::vector<Finding>& findings) {
    JsonWriter json;
    json.begin_object();
    json.member("node", node);
    json.key("findings");
    json.begin_array();
    for (const auto& [service, problem] : findings) {
        json.begin_object();
        json.member("severity", ipvs::to_string(problem.severity));
        json.member("code", problem.code);
        json.member("service", service);
        json.member("destination", problem.destination
                                       ? std::optional(ipvs::to_string(*problem.destination))
                                       : std::nullopt);
        json.member("found", problem.found);
        json.member("remedy", problem.remedy);
        json.end_object();
    }
    json.end_array();
    json.end_object();
    return json.take() + "\n";
}

}  // namespace vipd
