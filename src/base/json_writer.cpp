#include "src/base/json_writer.hpp"

#include "src/base/utf8.hpp"

#include <fmt/format.h>

namespace vipd {
namespace {

bool is_plain(unsigned char byte) {
    return byte >= 0x20 && byte < 0x7f && byte != '"' && byte != '\\';
}

void append_escape(std::string& out, char character) {
    switch (character) {
        case '"':
            out += "\\\"";
            return;
        case '\\':
            out += "\\\\";
            return;
        case '\n':
            out += "\\n";
            return;
        case '\t':
            out += "\\t";
            return;
        case '\r':
            out += "\\r";
            return;
        default:
            fmt::format_to(std::back_inserter(out), "\\u{:04x}",
                           static_cast<unsigned char>(character));
    }
}

}  // namespace

void append_json_string(std::string& out, std::string_view text) {
    out += '"';
    for (std::size_t i = 0; i < text.size();) {
        const auto byte = static_cast<unsigned char>(text[i]);
        if (is_plain(byte)) {
            out += text[i++];
        } else if (byte <= 0x7f) {
            append_escape(out, text[i++]);
        } else if (const auto length = utf8_length(text.substr(i)); length > 0) {
            out += text.substr(i, length);
            i += length;
        } else {
            out += "\\ufffd";
            ++i;
        }
    }
    out += '"';
}

void JsonWriter::separate() {
    if (!first_) out_ += ',';
    first_ = false;
}

void JsonWriter::open(char bracket) {
    separate();
    out_ += bracket;
    first_ = true;
}

void JsonWriter::close(char bracket) {
    out_ += bracket;
    first_ = false;
}

void JsonWriter::begin_object() {
    open('{');
}
void JsonWriter::end_object() {
    close('}');
}
void JsonWriter::begin_array() {
    open('[');
}
void JsonWriter::end_array() {
    close(']');
}

void JsonWriter::key(std::string_view name) {
    separate();
    append_json_string(out_, name);
    out_ += ':';
    first_ = true;
}

void JsonWriter::null() {
    raw("null");
}
void JsonWriter::value(bool flag) {
    raw(flag ? "true" : "false");
}

void JsonWriter::value(std::string_view text) {
    separate();
    append_json_string(out_, text);
}

void JsonWriter::value(const std::vector<std::string>& texts) {
    begin_array();
    for (const auto& text : texts)
        value(text);
    end_array();
}

void JsonWriter::value(std::chrono::milliseconds duration) {
    const auto count = duration.count();
    const auto magnitude = count < 0 ? -count : count;
    raw(fmt::format("{}{}.{:03}", count < 0 ? "-" : "", magnitude / 1000, magnitude % 1000));
}

void JsonWriter::raw(std::string_view json) {
    separate();
    out_ += json;
}

}  // namespace vipd
