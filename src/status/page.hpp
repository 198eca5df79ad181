#pragma once
// The status page: one page, three files, compiled into the program so that nothing is looked for
// on disk.

#include "src/status/http_message.hpp"

#include <map>
#include <string_view>

namespace vipd {

/// By file name; made from src/status/page by CMake.
extern const std::map<std::string_view, std::string_view> page_files;

/// The file with its type, a validator, and a policy that forbids the page everything but this
/// server. `name` must be one of page_files.
HttpResponse page_response(std::string_view name);

}  // namespace vipd
