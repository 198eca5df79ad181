#pragma once
// Aligned columns of text that fit a terminal: the last column is wrapped, the others are never
// cut.

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace vipd {

/// How many columns of a terminal the text takes: one for each UTF-8 character, none for colour
/// sequences.
std::size_t display_width(std::string_view text);

class TextTable {
public:
    explicit TextTable(std::vector<std::string> header) : header_(std::move(header)) {}

    /// As many cells as the header has.
    void add(std::vector<std::string> row);
    bool empty() const { return rows_.empty(); }

    /// Lines with a line end each, header first. `width` in columns; 0: lines are never wrapped.
    /// The last column is wrapped, and where there is no room for it columns go on below.
    std::string to_string(std::size_t width) const;

private:
    std::vector<std::string> header_;
    std::vector<std::vector<std::string>> rows_;
};

}  // namespace vipd
