#pragma once
// Texts that other programs read are kept as files; VIPD_REWRITE_GOLDEN=1 writes them anew, and the
// diff is reviewed.

#include <string>

namespace vipd {

/// The file's text. With VIPD_REWRITE_GOLDEN set the file is `actual` afterwards.
std::string golden(const std::string& name, const std::string& actual);

/// JSON with two spaces of indentation, order kept, for golden files that people can read.
std::string pretty_json(const std::string& json);

}  // namespace vipd
