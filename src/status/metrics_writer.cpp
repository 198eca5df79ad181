#include "src/status/metrics_writer.hpp"

namespace vipd {
namespace {

void append_escaped(std::string& out, std::string_view text) {
    for (const char character : text) {
        switch (character) {
            case '\\':
                out += "\\\\";
                break;
            case '"':
                out += "\\\"";
                break;
            case '\n':
                out += "\\n";
                break;
            default:
                out += character;
        }
    }
}

}  // namespace

void MetricsWriter::family(std::string_view name, std::string_view type, std::string_view help) {
    family_ = name;
    fmt::format_to(std::back_inserter(out_), "# HELP {} {}\n# TYPE {} {}\n", name, help, name,
                   type);
}

void MetricsWriter::name_and_labels(std::string_view suffix, Labels labels) {
    out_ += family_;
    out_ += suffix;
    char separator = '{';
    for (const auto& [name, content] : labels) {
        if (name.empty()) continue;
        out_ += separator;
        out_ += name;
        out_ += "=\"";
        append_escaped(out_, content);
        out_ += '"';
        separator = ',';
    }
    if (separator == ',') out_ += '}';
    out_ += ' ';
}

}  // namespace vipd
