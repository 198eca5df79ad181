#pragma once
// Collects what is wrong with a configuration while reading goes on, so that an operator sees
// everything at once.

#include "src/config/json_document.hpp"
#include "src/config/read_config.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace vipd {

/// A file that was read: its name as messages show it, and where its lines are.
struct Source {
    std::string name;
    LineIndex lines;
    bool readable = true;  // a file that could not be read has no lines
};

class Problems {
public:
    /// More than this are counted, not kept.
    static constexpr std::size_t most = 1000;

    void add(SourcePosition position, std::string pointer, std::string found, std::string accepted);

    std::size_t count() const { return problems_.size() + dropped_; }
    /// Whether something at, inside or around this place was reported already: then what follows
    /// from it is only noise.
    bool touches(std::string_view pointer) const;

    /// Sorted by file and position, each once.
    std::vector<ConfigProblem> finish(const std::vector<Source>& sources) &&;

private:
    struct Entry {
        SourcePosition position;
        std::string pointer;
        std::string found;
        std::string accepted;

        auto operator<=>(const Entry&) const = default;
    };

    std::vector<Entry> problems_;
    std::size_t dropped_ = 0;
};

}  // namespace vipd
