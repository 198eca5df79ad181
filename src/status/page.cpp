#include "src/status/page.hpp"

#include <fmt/format.h>

#include <string>

namespace vipd {
namespace {

constexpr auto policy =
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

std::string content_type(std::string_view name) {
    if (name.ends_with(".css")) return "text/css; charset=utf-8";
    if (name.ends_with(".js")) return "text/javascript; charset=utf-8";
    return "text/html; charset=utf-8";
}

}  // namespace

HttpResponse page_response(std::string_view name) {
    const auto content = page_files.at(name);
    HttpResponse response;
    response.content_type = content_type(name);
    response.body = std::make_shared<const std::string>(content);
    response.headers = {
        {"Content-Security-Policy", policy},
        {"Referrer-Policy", "no-referrer"},
        {"ETag", fmt::format("\"{:x}\"", std::hash<std::string_view>()(content))},
    };
    return response;
}

}  // namespace vipd
