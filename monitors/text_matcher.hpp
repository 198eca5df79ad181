#pragma once
// A TextRule made ready to be applied again and again. Pure; safe to use from several threads.

#include "monitors/check.hpp"

#include <memory>
#include <string>
#include <string_view>

namespace re2 {
class RE2;
}

namespace vipd::monitors {

class TextMatcher {
public:
    explicit TextMatcher(TextRule rule);
    ~TextMatcher();
    TextMatcher(TextMatcher&&) noexcept;
    TextMatcher& operator=(TextMatcher&&) noexcept;

    /// Whether `text` is like the rule wants it, negation included. Time is linear in the text's
    /// length.
    bool holds(std::string_view text) const { return matches(text) != rule_.negated; }

    /// "contains \"x\"", "does not match /x/": what is accepted.
    std::string to_string() const;

    const TextRule& rule() const { return rule_; }

private:
    bool matches(std::string_view text) const;

    TextRule rule_;
    std::unique_ptr<re2::RE2> regex_;
};

}  // namespace vipd::monitors
