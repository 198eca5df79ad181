#pragma once
// What a reload keeps: everything that is known of what stays configured. Pure.

#include "src/control/model.hpp"

namespace vipd {

/// Fills `next`, which was built from the new configuration and knows nothing, with what `previous`
/// knows. A pool is the same if its kernel service is, a server if its destination is, a monitor if
/// it checks the same or, failing that, is of the same type. A monitor that is new to a server that
/// is up starts from up: adding a check must not empty a pool. Servers that are gone but still in
/// the kernel become Pool::leaving. Index `next` afterwards.
void carry_over(Model& next, const Model& previous, TimePoint now);

/// The same for one pool.
void carry_pool(Pool& next, const Pool& known, TimePoint now);

}  // namespace vipd
