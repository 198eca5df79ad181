#pragma once
// The file monitor: a local file is there, or is not, or holds a weight. Looked at once for each
// probe.

#include "monitors/check.hpp"
#include "monitors/probe.hpp"

namespace vipd::monitors {

class FileProbe final : public Probe {
public:
    /// `check` must outlive this object.
    explicit FileProbe(const FileCheck& check) : check_(check) {}

    Step start(const ProbeContext& context, TimePoint now) override;
    Step ready(const ProbeContext& context, std::uint32_t events, TimePoint now) override;
    Step expired(const ProbeContext& context, TimePoint now) override;

private:
    const FileCheck& check_;
};

/// What a file's content, or its absence, means.
Finding judge_file(const FileCheck& check, const std::optional<std::string>& content);

}  // namespace vipd::monitors
