#pragma once
// One member of "vips", and the VIP defaults.

#include "src/config/config.hpp"
#include "src/config/object_reader.hpp"

#include <string>

namespace vipd {

/// Keys that a VIP and "defaults"."vip" share. What is not written keeps the value it has in `vip`.
void read_vip_settings(ObjectReader& reader, VipConfig& vip);

VipConfig read_vip(const JsonValue& value, std::string pointer, const VipConfig& base,
                   Problems& problems);

}  // namespace vipd
