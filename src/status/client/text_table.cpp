#include "src/status/client/text_table.hpp"

#include "src/base/utf8.hpp"

#include <algorithm>
#include <cassert>
#include <utility>

namespace vipd {
namespace {

constexpr std::string_view gap = "  ";
/// Narrower than this, wrapping would make the last column a tower of single words.
constexpr std::size_t narrowest_last = 24;
/// By how much a row's further lines are set in.
constexpr std::size_t set_in = 4;

/// Breaks at spaces into lines of at most `width`; a longer word stands alone.
std::vector<std::string> wrap(const std::string& text, std::size_t width) {
    if (display_width(text) <= width) return {text};
    std::vector<std::string> lines(1);
    for (std::size_t start = 0; start <= text.size();) {
        const auto end = std::min(text.find(' ', start), text.size());
        const auto word = text.substr(start, end - start);
        auto& line = lines.back();
        if (line.empty()) {
            line = word;
        } else if (display_width(line) + 1 + display_width(word) <= width) {
            line += ' ' + word;
        } else {
            lines.push_back(word);
        }
        start = end + 1;
    }
    return lines;
}

void append_padded(std::string& out, const std::string& cell, std::size_t width) {
    out += cell;
    out.append(width - display_width(cell), ' ');
    out += gap;
}

std::string without_trailing_spaces(std::string line) {
    line.erase(line.find_last_not_of(' ') + 1);
    return line;
}

/// Where a table's columns stand: on the lines that a row takes, `begins` has the first column of
/// each.
struct Layout {
    std::vector<std::size_t> widths;
    std::vector<std::size_t> begins{0};
    std::size_t last_width = std::string::npos;
};

/// As many columns on a line as fit; what does not goes on below, set in. The last column is
/// wrapped in what is left for it.
Layout lay_out(std::vector<std::size_t> widths, std::size_t width) {
    Layout layout{std::move(widths)};
    if (width == 0) return layout;
    std::size_t used = 0;
    for (std::size_t column = 0; column < layout.widths.size(); ++column) {
        const bool last = column + 1 == layout.widths.size();
        const auto own = layout.widths[column];
        const auto needed = last ? std::min(own, narrowest_last) : own;
        if (used + needed > width && column > layout.begins.back()) {
            layout.begins.push_back(column);
            used = set_in;
        }
        if (last) layout.last_width = width - std::min(width - 1, used);
        used += own + gap.size();
    }
    return layout;
}

void append_row(std::string& out, const std::vector<std::string>& row, const Layout& layout) {
    std::string line;
    for (std::size_t column = 0; column < row.size(); ++column) {
        if (column > 0 && std::ranges::count(layout.begins, column) > 0) {
            out += without_trailing_spaces(std::exchange(line, std::string(set_in, ' '))) + '\n';
        }
        if (column + 1 < row.size()) append_padded(line, row[column], layout.widths[column]);
    }
    const auto indent = display_width(line);
    const auto parts = wrap(row.back(), layout.last_width);
    for (std::size_t i = 0; i < parts.size(); ++i) {
        if (i > 0) line = std::string(indent, ' ');
        out += without_trailing_spaces(line + parts[i]) + '\n';
    }
}

}  // namespace

std::size_t display_width(std::string_view text) {
    std::size_t width = 0;
    while (!text.empty()) {
        if (text.starts_with("\x1b[")) {
            const auto end = text.find('m');
            text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
            continue;
        }
        text.remove_prefix(std::max<std::size_t>(1, utf8_length(text)));
        ++width;
    }
    return width;
}

void TextTable::add(std::vector<std::string> row) {
    assert(row.size() == header_.size());
    rows_.push_back(std::move(row));
}

std::string TextTable::to_string(std::size_t width) const {
    std::vector<std::size_t> widths;
    for (const auto& cell : header_)
        widths.push_back(display_width(cell));
    for (const auto& row : rows_) {
        for (std::size_t column = 0; column < row.size(); ++column) {
            widths[column] = std::max(widths[column], display_width(row[column]));
        }
    }
    const auto layout = lay_out(std::move(widths), width);
    std::string out;
    append_row(out, header_, layout);
    for (const auto& row : rows_)
        append_row(out, row, layout);
    return out;
}

}  // namespace vipd
