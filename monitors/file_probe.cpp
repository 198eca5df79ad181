#include "monitors/file_probe.hpp"

#include "monitors/socket.hpp"
#include "monitors/text.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>

namespace vipd::monitors {

namespace {

constexpr std::size_t longest_weight = 64;

Finding judge_weight(std::string_view content) {
    const auto text = content.substr(0, content.find_last_not_of(" \t\r\n") + 1);
    std::uint16_t weight = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), weight);
    if (text.empty() || error != std::errc{} || end != text.data() + text.size()) {
        return {false,
                {"file-content", "got " + quoted(text) + ", accepted a weight from 0 to 65535"}};
    }
    return {true, {"ok", "weight " + std::to_string(weight)}, weight};
}

}  // namespace

Finding judge_file(const FileCheck& check, const std::optional<std::string>& content) {
    switch (check.rule) {
        case FileCheck::Rule::present:
            if (content) return {true, {"ok", "the file is there"}};
            return {false, {"file-absent", check.path + " is not there"}};
        case FileCheck::Rule::absent:
            if (!content) return {true, {"ok", "the file is not there"}};
            return {false, {"file-present", check.path + " is there"}};
        case FileCheck::Rule::weight:
            if (content) return judge_weight(*content);
            return {false, {"file-absent", check.path + " is not there"}};
    }
    return {};
}

/// O_NONBLOCK: opening a FIFO must not wait for a writer.
Step FileProbe::start(const ProbeContext& context, TimePoint /*now*/) {
    const Fd file(::open(check_.path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (!file && (errno == ENOENT || errno == ENOTDIR))
        return Step::done(judge_file(check_, std::nullopt));
    if (!file) return Step::own_fault(socket_reason(errno));
    if (check_.rule != FileCheck::Rule::weight) return Step::done(judge_file(check_, ""));
    const auto count = ::read(file.get(), context.scratch.data(), longest_weight);
    if (count < 0) return Step::own_fault(socket_reason(errno));
    return Step::done(
        judge_file(check_, std::string(context.scratch.data(), static_cast<std::size_t>(count))));
}

Step FileProbe::ready(const ProbeContext& /*context*/, std::uint32_t /*events*/,
                      TimePoint /*now*/) {
    return Step::waiting();
}

Step FileProbe::expired(const ProbeContext& /*context*/, TimePoint /*now*/) {
    return Step::waiting();
}

}  // namespace vipd::monitors
