#include "src/config/python_literal.hpp"

#include <algorithm>
#include <utility>

namespace vipd {

namespace {

using Kind = JsonValue::Kind;

class Parser {
public:
    Parser(std::string_view text, SourcePosition position) : text_(text), position_(position) {}

    std::optional<JsonValue> dict() {
        auto object = value_here(Kind::object);
        if (!take('{')) return std::nullopt;
        while (!take('}')) {
            auto member = pair();
            if (!member || object.find(member->key) != nullptr) return std::nullopt;
            object.members.push_back(std::move(*member));
            if (!take(',') && peek() != '}') return std::nullopt;
        }
        const bool at_end = peek() == '\0' || peek() == '#';
        return at_end ? std::optional(std::move(object)) : std::nullopt;
    }

private:
    // The next byte that is no white space; NUL at the end (text with NUL bytes is not taken for a
    // dict either).
    char peek() {
        while (at_ < text_.size() &&
               std::string_view(" \t\r").find(text_[at_]) != std::string_view::npos)
            ++at_;
        return at_ < text_.size() ? text_[at_] : '\0';
    }

    bool take(char wanted) {
        if (peek() != wanted) return false;
        ++at_;
        return true;
    }

    JsonValue value_here(Kind kind) {
        peek();
        JsonValue value;
        value.kind = kind;
        value.position = position_;
        value.position.offset += static_cast<std::uint32_t>(at_);
        return value;
    }

    std::optional<JsonMember> pair() {
        auto key = string();
        if (!key || !take(':')) return std::nullopt;
        auto value = scalar();
        if (!value) return std::nullopt;
        return JsonMember{
            .key = std::move(key->text), .position = key->position, .value = std::move(*value)};
    }

    std::optional<JsonValue> scalar() {
        const char next = peek();
        if (next == '\'' || next == '"') return string();
        if (next == '-' || (next >= '0' && next <= '9')) return number();
        return boolean();
    }

    // No escapes: names and addresses need none, and PyBal's lists have none.
    std::optional<JsonValue> string() {
        auto value = value_here(Kind::string);
        const char quote = peek();
        if (quote != '\'' && quote != '"') return std::nullopt;
        const auto end = text_.find(quote, at_ + 1);
        if (end == std::string_view::npos) return std::nullopt;
        value.text = text_.substr(at_ + 1, end - at_ - 1);
        const bool plain = std::ranges::all_of(
            value.text, [](char byte) { return byte >= 0x20 && byte < 0x7f && byte != '\\'; });
        at_ = end + 1;
        return plain ? std::optional(std::move(value)) : std::nullopt;
    }

    std::optional<JsonValue> number() {
        auto value = value_here(Kind::number);
        const auto end = std::min(text_.find_first_not_of("-0123456789.", at_), text_.size());
        value.text = text_.substr(at_, end - at_);
        at_ = end;
        return value;
    }

    std::optional<JsonValue> boolean() {
        auto value = value_here(Kind::boolean);
        for (const auto& [word, meaning] :
             {std::pair{std::string_view("True"), true}, {"False", false}}) {
            if (!text_.substr(at_).starts_with(word)) continue;
            at_ += word.size();
            value.boolean = meaning;
            return value;
        }
        return std::nullopt;
    }

    std::string_view text_;
    SourcePosition position_;
    std::size_t at_ = 0;
};

}  // namespace

std::optional<JsonValue> parse_python_dict(std::string_view text, SourcePosition position) {
    if (text.find('\0') != std::string_view::npos) return std::nullopt;
    return Parser(text, position).dict();
}

}  // namespace vipd
