#include "src/status/request_target.hpp"

#include <charconv>

namespace vipd {
namespace {

constexpr std::size_t most_parts = 16;

std::optional<std::string> decode(std::string_view text, bool plus_is_space) {
    std::string decoded;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '+' && plus_is_space) {
            decoded += ' ';
        } else if (text[i] != '%') {
            decoded += text[i];
        } else {
            const auto digits = text.substr(i + 1, 2);
            unsigned value = 0;
            const auto end = digits.data() + digits.size();
            const auto [stop, error] = std::from_chars(digits.data(), end, value, 16);
            if (digits.size() != 2 || error != std::errc{} || stop != end) return std::nullopt;
            decoded += static_cast<char>(value);
            i += 2;
        }
    }
    return decoded;
}

std::vector<std::string_view> split(std::string_view text, char separator) {
    std::vector<std::string_view> parts;
    while (!text.empty()) {
        const auto end = text.find(separator);
        if (end != 0) parts.push_back(text.substr(0, end));
        if (end == std::string_view::npos) break;
        text.remove_prefix(end + 1);
    }
    return parts;
}

bool read_path(std::string_view text, RequestTarget& target) {
    const auto segments = split(text, '/');
    if (segments.size() > most_parts) return false;
    for (const auto segment : segments) {
        auto decoded = decode(segment, false);
        if (!decoded) return false;
        target.path.push_back(std::move(*decoded));
    }
    return true;
}

bool read_query(std::string_view text, RequestTarget& target) {
    const auto parameters = split(text, '&');
    if (parameters.size() > most_parts) return false;
    for (const auto parameter : parameters) {
        const auto equals = parameter.find('=');
        auto name = decode(parameter.substr(0, equals), true);
        auto value =
            decode(equals == std::string_view::npos ? "" : parameter.substr(equals + 1), true);
        if (!name || !value) return false;
        target.query[std::move(*name)] = std::move(*value);
    }
    return true;
}

}  // namespace

std::optional<RequestTarget> RequestTarget::parse(std::string_view text) {
    if (!text.starts_with('/')) return std::nullopt;
    text = text.substr(0, text.find('#'));
    const auto question = text.find('?');
    RequestTarget target;
    if (!read_path(text.substr(0, question), target)) return std::nullopt;
    if (question != std::string_view::npos && !read_query(text.substr(question + 1), target)) {
        return std::nullopt;
    }
    return target;
}

bool RequestTarget::flag(std::string_view name) const {
    const auto found = query.find(name);
    if (found == query.end()) return false;
    return found->second != "0" && found->second != "false" && found->second != "no";
}

std::string RequestTarget::text(std::string_view name) const {
    const auto found = query.find(name);
    return found == query.end() ? std::string() : found->second;
}

}  // namespace vipd
