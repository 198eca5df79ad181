#include "src/config/problems.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace vipd {

namespace {

bool is_at_or_below(std::string_view pointer, std::string_view ancestor) {
    return pointer.starts_with(ancestor) &&
           (pointer.size() == ancestor.size() || pointer[ancestor.size()] == '/');
}

}  // namespace

void Problems::add(SourcePosition position, std::string pointer, std::string found,
                   std::string accepted) {
    if (problems_.size() >= most) {
        ++dropped_;
        return;
    }
    problems_.push_back({.position = position,
                         .pointer = std::move(pointer),
                         .found = std::move(found),
                         .accepted = std::move(accepted)});
}

bool Problems::touches(std::string_view pointer) const {
    return std::ranges::any_of(problems_, [pointer](const Entry& entry) {
        return is_at_or_below(entry.pointer, pointer) || is_at_or_below(pointer, entry.pointer);
    });
}

std::vector<ConfigProblem> Problems::finish(const std::vector<Source>& sources) && {
    std::ranges::sort(problems_);
    problems_.erase(std::unique(problems_.begin(), problems_.end()), problems_.end());

    std::vector<ConfigProblem> finished;
    for (auto& entry : problems_) {
        const auto& source = sources[entry.position.file];
        const auto at = source.lines.locate(entry.position.offset);
        finished.push_back({.file = source.name,
                            .line = source.readable ? at.line : 0,
                            .column = source.readable ? at.column : 0,
                            .pointer = std::move(entry.pointer),
                            .found = std::move(entry.found),
                            .accepted = std::move(entry.accepted)});
    }
    if (dropped_ > 0 && !finished.empty()) {
        auto last = finished.back();
        last.pointer.clear();
        last.found = fmt::format("{} more problems", dropped_);
        last.accepted = "the ones above to be repaired first";
        finished.push_back(std::move(last));
    }
    return finished;
}

std::string ConfigProblem::to_string() const {
    auto text = file;
    if (line > 0) text += fmt::format(":{}:{}", line, column);
    if (!pointer.empty()) text += " " + pointer;
    if (accepted.empty()) return text + ": " + found;
    return text + ": found " + found + ", expected " + accepted;
}

std::string summary(const std::vector<ConfigProblem>& problems) {
    constexpr std::size_t shown = 3;
    std::vector<std::string> lines;
    for (const auto& problem : problems) {
        if (lines.size() == shown) break;
        lines.push_back(problem.to_string());
    }
    if (problems.size() > shown)
        lines.push_back(fmt::format("and {} more", problems.size() - shown));
    return fmt::format("{}", fmt::join(lines, "; "));
}

}  // namespace vipd
