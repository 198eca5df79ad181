#include "src/config/json_document.hpp"

#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <iterator>
#include <map>
#include <optional>
#include <utility>

namespace vipd {

namespace {

// Feeds nlohmann's lexer and shows how far it has read: the library (3.11) has no positions of its
// own.
class CountingIterator {
public:
    using iterator_category = std::input_iterator_tag;
    using value_type = char;
    using difference_type = std::ptrdiff_t;
    using pointer = const char*;
    using reference = const char&;

    CountingIterator(const char* at, std::size_t* consumed) : at_(at), consumed_(consumed) {}

    reference operator*() const { return *at_; }
    CountingIterator& operator++() {
        ++at_;
        ++*consumed_;
        return *this;
    }
    CountingIterator operator++(int) {
        auto before = *this;
        ++*this;
        return before;
    }
    bool operator==(const CountingIterator& other) const { return at_ == other.at_; }

private:
    const char* at_;
    std::size_t* consumed_;
};

std::size_t after_comment(std::string_view text, std::size_t at) {
    const bool to_line_end = text[at + 1] == '/';
    const auto end = to_line_end ? text.find('\n', at) : text.find("*/", at + 2);
    if (end == std::string_view::npos) return text.size();
    return to_line_end ? end + 1 : end + 2;
}

// Where the next token starts: past white space, separators, comments and a byte order mark.
std::size_t token_start(std::string_view text, std::size_t at) {
    constexpr std::string_view filler = " \t\r\n,:";
    constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";
    if (at == 0 && text.starts_with(byte_order_mark)) at = byte_order_mark.size();
    while (at < text.size()) {
        if (filler.find(text[at]) != std::string_view::npos) {
            ++at;
        } else if (text[at] == '/' && at + 1 < text.size()) {
            at = after_comment(text, at);
        } else {
            break;
        }
    }
    return at;
}

// Bytes that are no UTF-8 would make the message itself unreadable for JSON consumers of our log.
std::string printable(std::string_view text) {
    std::string out;
    for (const char byte : text) {
        const auto value = static_cast<unsigned char>(byte);
        if (value < 0x20 || value >= 0x7f) {
            out += fmt::format("\\x{:02x}", value);
        } else {
            out += byte;
        }
    }
    return out;
}

// nlohmann's message: "[...] parse error at line 1, column 2: syntax error while parsing WHAT -
// DETAIL; expected TOKEN".
std::pair<std::string, std::string> found_and_accepted(std::string_view message) {
    constexpr std::string_view syntax = "syntax error while parsing ";
    constexpr std::string_view expected = "; expected ";
    constexpr std::size_t longest = 160;
    const auto start = message.find(syntax);
    if (start == std::string_view::npos) {  // a number beyond any type: "[...] number overflow
                                            // parsing '1e999'"
        return {printable(message.substr(message.find("] ") + 2).substr(0, longest)), "JSON"};
    }
    auto detail = message.substr(start + syntax.size());
    std::string accepted = "JSON";
    if (const auto end = detail.rfind(expected); end != std::string_view::npos) {
        accepted = printable(detail.substr(end + expected.size()));
        detail = detail.substr(0, end);
    }
    return {"in " + printable(detail.substr(0, longest)), accepted};
}

class Builder : public nlohmann::json_sax<nlohmann::json> {
public:
    Builder(std::string_view text, std::uint32_t file, const std::size_t* consumed)
        : text_(text), file_(file), consumed_(consumed) {}

    bool null() override { return add(scalar(JsonValue::Kind::null)); }

    bool boolean(bool value) override {
        auto made = scalar(JsonValue::Kind::boolean);
        made.boolean = value;
        return add(std::move(made));
    }

    bool number_integer(number_integer_t /*value*/) override { return number(); }
    bool number_unsigned(number_unsigned_t /*value*/) override { return number(); }
    bool number_float(number_float_t /*value*/, const string_t& /*text*/) override {
        return number();
    }

    bool string(string_t& value) override {
        auto made = scalar(JsonValue::Kind::string);
        made.text = std::move(value);
        return add(std::move(made));
    }

    bool binary(binary_t& /*value*/) override { return false; }  // text never has any

    bool start_object(std::size_t /*elements*/) override { return open(JsonValue::Kind::object); }
    bool end_object() override {
        drop_duplicates(open_.back().value);
        return close();
    }
    bool start_array(std::size_t /*elements*/) override { return open(JsonValue::Kind::array); }
    bool end_array() override { return close(); }

    bool key(string_t& value) override {
        open_.back().key_position = position(token_start(text_, end_));
        open_.back().key = std::move(value);
        end_ = *consumed_;
        return true;
    }

    bool parse_error(std::size_t /*position*/, const std::string& /*last_token*/,
                     const nlohmann::detail::exception& error) override {
        const auto at = *consumed_ > 0 ? *consumed_ - 1 : 0;
        auto [found, accepted] = found_and_accepted(error.what());
        problem(at, std::move(found), std::move(accepted));
        return false;
    }

    JsonReading take(bool complete) {
        return {.root = std::move(root_), .problems = std::move(problems_), .complete = complete};
    }

private:
    struct Open {
        JsonValue value;
        std::optional<std::string> key;  // of the member that is being read
        SourcePosition key_position;
    };

    SourcePosition position(std::size_t offset) const {
        return {.file = file_, .offset = static_cast<std::uint32_t>(offset)};
    }

    JsonValue scalar(JsonValue::Kind kind) {
        JsonValue value;
        value.kind = kind;
        value.position = position(token_start(text_, end_));
        end_ = *consumed_;
        return value;
    }

    // The lexer has read one byte more than the number has, so its end is found in the text.
    bool number() {
        auto value = scalar(JsonValue::Kind::number);
        const auto start = std::size_t{value.position.offset};
        end_ = std::min(text_.find_first_not_of("+-0123456789.eE", start), text_.size());
        value.text = text_.substr(start, end_ - start);
        return add(std::move(value));
    }

    bool open(JsonValue::Kind kind) {
        if (open_.size() >= json_max_depth) {
            problem(token_start(text_, end_), "nesting deeper than that",
                    fmt::format("at most {} levels", json_max_depth));
            return false;
        }
        open_.push_back({.value = scalar(kind), .key = {}, .key_position = {}});
        return true;
    }

    bool close() {
        end_ = *consumed_;
        auto value = std::move(open_.back().value);
        open_.pop_back();
        return add(std::move(value));
    }

    bool add(JsonValue value) {
        if (++values_ > json_max_values) {
            problem(value.position.offset, "more values than that",
                    fmt::format("at most {} values", json_max_values));
            return false;
        }
        if (open_.empty()) {
            root_ = std::move(value);
        } else if (auto& parent = open_.back(); parent.value.is(JsonValue::Kind::object)) {
            parent.value.members.push_back({.key = std::move(*parent.key),
                                            .position = parent.key_position,
                                            .value = std::move(value)});
            parent.key.reset();
        } else {
            parent.value.elements.push_back(std::move(value));
        }
        return true;
    }

    void drop_duplicates(JsonValue& object) {
        std::map<std::string_view, SourcePosition> seen;
        std::vector<bool> again;
        again.reserve(object.members.size());
        for (const auto& member : object.members) {
            const auto [first, fresh] = seen.emplace(member.key, member.position);
            again.push_back(!fresh);
            if (!fresh) duplicate(member, first->second);
        }
        if (seen.size() == object.members.size()) return;
        std::vector<JsonMember> kept;
        for (std::size_t i = 0; i < object.members.size(); ++i) {
            if (!again[i]) kept.push_back(std::move(object.members[i]));
        }
        object.members = std::move(kept);
    }

    void duplicate(const JsonMember& member, SourcePosition first) {
        const auto at = LineIndex(text_.substr(0, first.offset)).locate(first.offset);
        problems_.push_back(
            {.position = member.position,
             .pointer = pointer_to(path(open_.size() - 1), member.key),
             .found = "the key " + in_quotes(member.key) + " a second time",
             .accepted = fmt::format("each key once (first at {}:{})", at.line, at.column)});
    }

    void problem(std::size_t offset, std::string found, std::string accepted) {
        problems_.push_back({.position = position(offset),
                             .pointer = path(open_.size()),
                             .found = std::move(found),
                             .accepted = std::move(accepted)});
    }

    // Pointer to what is being read inside the first `depth` open containers.
    std::string path(std::size_t depth) const {
        std::string pointer;
        for (std::size_t i = 0; i < depth; ++i) {
            const auto& container = open_[i];
            if (!container.value.is(JsonValue::Kind::object)) {
                pointer = pointer_to(pointer, container.value.elements.size());
            } else if (container.key) {
                pointer = pointer_to(pointer, *container.key);
            }
        }
        return pointer;
    }

    std::string_view text_;
    std::uint32_t file_;
    const std::size_t* consumed_;
    std::size_t end_ = 0;  // where the last token ended
    std::size_t values_ = 0;
    std::vector<Open> open_;
    JsonValue root_;
    std::vector<JsonProblem> problems_;
};

JsonReading refused(std::uint32_t file, std::size_t offset, std::string found,
                    std::string accepted) {
    JsonReading reading;
    reading.problems.push_back(
        {.position = {.file = file, .offset = static_cast<std::uint32_t>(offset)},
         .pointer = {},
         .found = std::move(found),
         .accepted = std::move(accepted)});
    return reading;
}

}  // namespace

JsonReading read_json(std::string_view text, std::uint32_t file) {
    if (text.size() > json_max_bytes) {
        return refused(file, 0, fmt::format("{} bytes", text.size()),
                       fmt::format("at most {} bytes", json_max_bytes));
    }
    // nlohmann's lexer takes a NUL byte for the end of the text and would not look at what follows.
    if (const auto nul = text.find('\0'); nul != std::string_view::npos) {
        return refused(file, nul, "a NUL byte", "JSON text");
    }
    std::size_t consumed = 0;
    std::size_t unused = 0;
    Builder builder(text, file, &consumed);
    const bool complete =
        nlohmann::json::sax_parse(CountingIterator(text.data(), &consumed),
                                  CountingIterator(text.data() + text.size(), &unused), &builder,
                                  nlohmann::json::input_format_t::json, true, true);
    return builder.take(complete);
}

const JsonMember* JsonValue::find(std::string_view key) const {
    const auto found = std::ranges::find(members, key, &JsonMember::key);
    return found == members.end() ? nullptr : &*found;
}

std::string JsonValue::summary() const {
    switch (kind) {
        case Kind::null:
            return "null";
        case Kind::boolean:
            return boolean ? "true" : "false";
        case Kind::number:
            return text.size() <= 40 ? text : text.substr(0, 40) + "...";
        case Kind::string:
            return in_quotes(text);
        case Kind::array:
            return elements.empty() ? "an empty array" : "an array";
        case Kind::object:
            return members.empty() ? "an empty object" : "an object";
    }
    return "nothing";
}

std::string in_quotes(std::string_view text, std::size_t limit) {
    const bool cut = text.size() > limit;
    if (cut) {
        // Not in the middle of a UTF-8 sequence.
        while (limit > 0 && (static_cast<unsigned char>(text[limit]) & 0xc0U) == 0x80U)
            --limit;
        text = text.substr(0, limit);
    }
    std::string out = "\"";
    for (const char byte : text) {
        const auto value = static_cast<unsigned char>(byte);
        if (value < 0x20 || value == 0x7f) {
            out += fmt::format("\\u{:04x}", value);
        } else if (byte == '"' || byte == '\\') {
            out += {'\\', byte};
        } else {
            out += byte;
        }
    }
    return out + (cut ? "\"..." : "\"");
}

std::string pointer_to(std::string_view parent, std::string_view key) {
    std::string pointer(parent);
    pointer += '/';
    for (const char byte : key) {
        if (byte == '~') {
            pointer += "~0";
        } else if (byte == '/') {
            pointer += "~1";
        } else if (static_cast<unsigned char>(byte) < 0x20 || byte == 0x7f) {
            pointer += fmt::format("\\u{:04x}",
                                   static_cast<unsigned char>(byte));  // one problem is one line
        } else {
            pointer += byte;
        }
    }
    return pointer;
}

std::string pointer_to(std::string_view parent, std::size_t index) {
    return fmt::format("{}/{}", parent, index);
}

LineIndex::LineIndex(std::string_view text) : starts_{0} {
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '\n') starts_.push_back(static_cast<std::uint32_t>(i + 1));
    }
}

LineColumn LineIndex::locate(std::uint32_t offset) const {
    const auto next = std::ranges::upper_bound(starts_, offset);
    const auto line = static_cast<unsigned>(next - starts_.begin());
    return {.line = line, .column = offset - *std::prev(next) + 1};
}

}  // namespace vipd
