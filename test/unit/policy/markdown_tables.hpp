#pragma once
// The tables of a Markdown file as data. A table is named by the comment in the line above it: <!--
// table: floor -->

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace vipd::test {

/// One row: column heading to cell, both without surrounding blanks.
using Row = std::map<std::string, std::string, std::less<>>;
using Table = std::vector<Row>;

/// Throws std::runtime_error for a file that cannot be read and for a row of another width than its
/// heading.
std::map<std::string, Table, std::less<>> read_tables(const std::string& path);

/// "a, b" at ", "; nothing for an empty text.
std::vector<std::string> split(std::string_view text, std::string_view separator);

/// A column of a state table and every value that its cells can stand for.
struct Domain {
    std::string column;
    std::vector<std::string> values;
};

/// Every combination of values that a row stands for: "any" is each value of the domain, "a or b"
/// either. Throws for a value that is not in the domain.
std::vector<Row> expand(const Row& row, const std::vector<Domain>& domains);

/// How many combinations of values there are.
std::size_t combinations(const std::vector<Domain>& domains);

/// A row as one line, for messages.
std::string to_string(const Row& row);

}  // namespace vipd::test
