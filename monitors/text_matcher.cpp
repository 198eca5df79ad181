#include "monitors/text_matcher.hpp"

#include "monitors/text.hpp"

#include <openssl/evp.h>
#include <re2/re2.h>

#include <array>

namespace vipd::monitors {

namespace {

RE2::Options options() {
    RE2::Options options;
    options.set_log_errors(false);
    options.set_encoding(RE2::Options::EncodingLatin1);  // a body is bytes; none is invalid
    options.set_max_mem(1 << 20);
    return options;
}

std::string sha256(std::string_view text) {
    constexpr std::string_view digits = "0123456789abcdef";
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned length = 0;
    EVP_Digest(text.data(), text.size(), digest.data(), &length, EVP_sha256(), nullptr);
    std::string hex;
    for (unsigned i = 0; i < length; ++i) {
        hex += digits[digest[i] >> 4U];
        hex += digits[digest[i] & 0xfU];
    }
    return hex;
}

}  // namespace

std::optional<std::string> regex_problem(const std::string& expression) {
    const RE2 regex(expression, options());
    if (regex.ok()) return std::nullopt;
    return regex.error();
}

TextMatcher::TextMatcher(TextRule rule) : rule_(std::move(rule)) {
    if (rule_.kind == TextRule::Kind::regex) regex_ = std::make_unique<RE2>(rule_.text, options());
}

TextMatcher::~TextMatcher() = default;
TextMatcher::TextMatcher(TextMatcher&&) noexcept = default;
TextMatcher& TextMatcher::operator=(TextMatcher&&) noexcept = default;

bool TextMatcher::matches(std::string_view text) const {
    switch (rule_.kind) {
        case TextRule::Kind::contains:
            return text.find(rule_.text) != std::string_view::npos;
        case TextRule::Kind::regex:
            return RE2::PartialMatch(re2::StringPiece(text.data(), text.size()), *regex_);
        case TextRule::Kind::sha256:
            return sha256(text) == rule_.text;
    }
    return false;
}

std::string TextMatcher::to_string() const {
    switch (rule_.kind) {
        case TextRule::Kind::contains:
            return (rule_.negated ? "does not contain " : "contains ") + quoted(rule_.text);
        case TextRule::Kind::regex:
            return (rule_.negated ? "does not match /" : "matches /") + rule_.text + "/";
        case TextRule::Kind::sha256:
            return (rule_.negated ? "has not the SHA-256 " : "has the SHA-256 ") + rule_.text;
    }
    return {};
}

}  // namespace vipd::monitors
