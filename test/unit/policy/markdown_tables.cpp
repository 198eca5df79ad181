#include "test/unit/policy/markdown_tables.hpp"

#include <algorithm>
#include <fstream>
#include <stdexcept>

namespace vipd::test {
namespace {

std::string trimmed(std::string_view text) {
    const auto first = text.find_first_not_of(' ');
    if (first == std::string_view::npos) return {};
    return std::string(text.substr(first, text.find_last_not_of(' ') - first + 1));
}

std::vector<std::string> cells(const std::string& line) {
    const auto last = line.rfind('|');
    std::vector<std::string> result;
    for (const auto& cell : split(std::string_view(line).substr(1, last - 1), "|")) {
        result.push_back(trimmed(cell));
    }
    return result;
}

Table read_table(std::istream& lines, const std::string& name) {
    std::string line;
    std::getline(lines, line);
    const auto heading = cells(line);
    std::getline(lines, line);  // |---|---|
    Table table;
    while (std::getline(lines, line) && line.starts_with('|')) {
        const auto values = cells(line);
        if (values.size() != heading.size()) {
            throw std::runtime_error("table " + name + ": another width: " + line);
        }
        Row row;
        for (std::size_t i = 0; i < heading.size(); ++i)
            row[heading[i]] = values[i];
        table.push_back(std::move(row));
    }
    return table;
}

}  // namespace

std::map<std::string, Table, std::less<>> read_tables(const std::string& path) {
    constexpr std::string_view mark = "<!-- table: ";
    std::ifstream file(path);
    if (!file) throw std::runtime_error("cannot read " + path);
    std::map<std::string, Table, std::less<>> tables;
    std::string line;
    while (std::getline(file, line)) {
        if (!line.starts_with(mark)) continue;
        const auto name = line.substr(mark.size(), line.find(" -->") - mark.size());
        tables[name] = read_table(file, name);
    }
    return tables;
}

std::vector<std::string> split(std::string_view text, std::string_view separator) {
    std::vector<std::string> parts;
    if (text.empty()) return parts;
    for (auto end = text.find(separator); end != std::string_view::npos;
         end = text.find(separator)) {
        parts.emplace_back(text.substr(0, end));
        text.remove_prefix(end + separator.size());
    }
    parts.emplace_back(text);
    return parts;
}

std::vector<Row> expand(const Row& row, const std::vector<Domain>& domains) {
    std::vector<Row> expanded{row};
    for (const auto& domain : domains) {
        const auto cell = row.at(domain.column);
        const auto values = cell == "any" ? domain.values : split(cell, " or ");
        std::vector<Row> next;
        for (const auto& value : values) {
            if (std::ranges::find(domain.values, value) == domain.values.end()) {
                throw std::runtime_error("column " + domain.column + " has no value " + value);
            }
            for (auto copy : expanded) {
                copy[domain.column] = value;
                next.push_back(std::move(copy));
            }
        }
        expanded = std::move(next);
    }
    return expanded;
}

std::size_t combinations(const std::vector<Domain>& domains) {
    std::size_t count = 1;
    for (const auto& domain : domains)
        count *= domain.values.size();
    return count;
}

std::string to_string(const Row& row) {
    std::string text;
    for (const auto& [column, cell] : row)
        text += column + "=" + cell + " ";
    return text;
}

}  // namespace vipd::test
