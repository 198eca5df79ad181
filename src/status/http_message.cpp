#include "src/status/http_message.hpp"

#include "src/base/json_writer.hpp"

namespace vipd {

HttpResponse json_response(unsigned status, std::string json) {
    HttpResponse response;
    response.status = status;
    response.body = std::make_shared<const std::string>(std::move(json));
    return response;
}

HttpResponse text_response(unsigned status, std::string text) {
    auto response = json_response(status, std::move(text));
    response.content_type = "text/plain; charset=utf-8";
    return response;
}

HttpResponse error_response(unsigned status, const std::string& code, const std::string& message) {
    JsonWriter json;
    json.begin_object();
    json.member("error", code);
    json.member("message", message);
    json.end_object();
    return json_response(status, json.take() + "\n");
}

}  // namespace vipd
