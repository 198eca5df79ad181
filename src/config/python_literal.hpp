#pragma once
// The one piece of Python that PyBal's text lists are made of: a flat dict of strings, whole
// numbers and booleans. Read, never evaluated.

#include "src/config/json_document.hpp"

#include <optional>
#include <string_view>

namespace vipd {

/// The dict as an object; its values say where they stand, counted from `position`. Nothing if the
/// text is anything else, or names a key twice. A comment may follow.
std::optional<JsonValue> parse_python_dict(std::string_view text, SourcePosition position);

}  // namespace vipd
