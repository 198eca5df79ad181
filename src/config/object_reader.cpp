#include "src/config/object_reader.hpp"

#include "src/config/duration.hpp"

#include <fmt/core.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <numeric>

namespace vipd {

namespace {

bool is_control(char byte) {
    return static_cast<unsigned char>(byte) < 0x20 || byte == 0x7f;
}

bool is_letter_or_digit(char byte) {
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
           (byte >= '0' && byte <= '9');
}

// Insertions, deletions, replacements and swaps of neighbours that turn one word into the other.
std::size_t edits(std::string_view from, std::string_view to) {
    std::vector<std::vector<std::size_t>> cost(from.size() + 1,
                                               std::vector<std::size_t>(to.size() + 1));
    for (std::size_t i = 0; i <= from.size(); ++i)
        cost[i][0] = i;
    for (std::size_t j = 0; j <= to.size(); ++j)
        cost[0][j] = j;
    for (std::size_t i = 1; i <= from.size(); ++i) {
        for (std::size_t j = 1; j <= to.size(); ++j) {
            const std::size_t differs = from[i - 1] == to[j - 1] ? 0 : 1;
            cost[i][j] =
                std::min({cost[i - 1][j] + 1, cost[i][j - 1] + 1, cost[i - 1][j - 1] + differs});
            const bool swapped =
                i > 1 && j > 1 && from[i - 1] == to[j - 2] && from[i - 2] == to[j - 1];
            if (swapped) cost[i][j] = std::min(cost[i][j], cost[i - 2][j - 2] + 1);
        }
    }
    return cost[from.size()][to.size()];
}

}  // namespace

bool is_name(std::string_view text) {
    constexpr std::size_t longest = 253;  // a DNS name, RFC 1035 §2.3.4
    return !text.empty() && text.size() <= longest && is_letter_or_digit(text.front()) &&
           std::ranges::all_of(text, [](char byte) {
               return is_letter_or_digit(byte) || byte == '.' || byte == '_' || byte == '-' ||
                      byte == ':';
           });
}

std::string alternatives(const std::vector<std::string>& names) {
    std::string text;
    for (std::size_t i = 0; i < names.size(); ++i) {
        if (i > 0) text += i + 1 == names.size() ? " or " : ", ";
        text += in_quotes(names[i]);
    }
    return text;
}

std::optional<std::string> nearest(std::string_view written,
                                   const std::vector<std::string>& known) {
    constexpr std::size_t longest = 64;  // the cost is quadratic, and no key of ours is longer
    if (written.size() > longest) return std::nullopt;
    std::optional<std::string> best;
    std::size_t best_distance = std::max<std::size_t>(1, written.size() / 3) + 1;
    for (const auto& candidate : known) {
        const auto candidate_distance = edits(written, candidate);
        if (candidate_distance < best_distance) {
            best_distance = candidate_distance;
            best = candidate;
        }
    }
    return best;
}

void read_address_of_each_family(ObjectReader& reader, std::string_view key,
                                 std::map<Family, Address>& into) {
    reader.object(key, [&into](ObjectReader& nested) {
        for (const auto family : {Family::ipv4, Family::ipv6}) {
            std::optional<Address> address;
            const auto name = std::string(to_string(family));
            nested.read(name, address, "an " + name + " address", [family](const JsonValue& value) {
                const auto parsed = ObjectReader::address_of(value);
                return parsed && parsed->family() == family ? parsed : std::nullopt;
            });
            if (address) into.insert_or_assign(family, *address);
        }
    });
}

ObjectReader::ObjectReader(const JsonValue& value, std::string pointer, Problems& problems)
    : value_(value), pointer_(std::move(pointer)), problems_(problems) {
    if (!value.is(JsonValue::Kind::object)) {
        problems_.add(value.position, pointer_, value.summary(), "an object");
    }
}

const JsonValue* ObjectReader::find(std::string_view key) {
    if (std::ranges::find(known_, key) == known_.end()) known_.emplace_back(key);
    const auto* member = value_.find(key);
    return member == nullptr ? nullptr : &member->value;
}

void ObjectReader::boolean(std::string_view key, bool& into) {
    read(key, into, "true or false", [](const JsonValue& value) {
        return value.is(JsonValue::Kind::boolean) ? std::optional(value.boolean) : std::nullopt;
    });
}

void ObjectReader::addresses(std::string_view key, std::vector<Address>& into) {
    const auto* value = find(key);
    if (value == nullptr) return;
    if (value->is(JsonValue::Kind::array)) {
        list(key, into, 1, 2, std::string(address_rule), address_of);
    } else if (const auto address = address_of(*value)) {
        into = {*address};
    } else {
        reject(key, *value, address_rule);
    }
}

void ObjectReader::require(std::string_view key, std::string_view accepted) {
    if (has(key) || !value_.is(JsonValue::Kind::object)) return;
    problems_.add(value_.position, pointer_to(pointer_, key), "nothing", std::string(accepted));
}

void ObjectReader::reject(std::string_view key, const JsonValue& value, std::string_view accepted) {
    problems_.add(value.position, pointer_to(pointer_, key), value.summary(),
                  std::string(accepted));
}

void ObjectReader::finish() {
    for (const auto& member : value_.members) {
        if (std::ranges::find(known_, member.key) != known_.end()) continue;
        const auto meant = nearest(member.key, known_);
        auto accepted = fmt::format("one of {}", fmt::join(known_, ", "));
        if (meant)
            accepted =
                fmt::format("{} (did you mean it?) or another {}", in_quotes(*meant), accepted);
        problems_.add(member.position, pointer_to(pointer_, member.key),
                      "the unknown key " + in_quotes(member.key), std::move(accepted));
    }
}

std::optional<Address> ObjectReader::address_of(const JsonValue& value) {
    return value.is(JsonValue::Kind::string) ? Address::parse(value.text) : std::nullopt;
}

std::optional<std::string> ObjectReader::plain_text(const JsonValue& value) {
    constexpr std::size_t longest = 4096;
    const bool fits = value.is(JsonValue::Kind::string) && !value.text.empty() &&
                      value.text.size() <= longest && std::ranges::none_of(value.text, is_control);
    return fits ? std::optional(value.text) : std::nullopt;
}

std::optional<std::string> ObjectReader::path_of(const JsonValue& value,
                                                 const std::string& folder) {
    const auto text = plain_text(value);
    if (!text) return std::nullopt;
    return (std::filesystem::path(folder) / *text).lexically_normal().string();
}

std::optional<std::uint64_t> ObjectReader::whole_number(const JsonValue& value, std::uint64_t least,
                                                        std::uint64_t most) {
    if (!value.is(JsonValue::Kind::number)) return std::nullopt;
    std::uint64_t number = 0;
    const auto* end = value.text.data() + value.text.size();
    const auto [rest, error] = std::from_chars(value.text.data(), end, number);
    if (error != std::errc{} || rest != end || number < least || number > most) return std::nullopt;
    return number;
}

std::optional<Duration> ObjectReader::duration_within(const JsonValue& value, Duration least,
                                                      Duration most) {
    if (!value.is(JsonValue::Kind::string)) return std::nullopt;
    const auto duration = parse_duration(value.text);
    return duration && *duration >= least && *duration <= most ? duration : std::nullopt;
}

std::string ObjectReader::range_text(std::string_view what, std::uint64_t least,
                                     std::uint64_t most) {
    return fmt::format("{} from {} to {}", what, least, most);
}

std::string ObjectReader::duration_range_text(Duration least, Duration most) {
    return fmt::format("a duration like \"300ms\", \"9s\" or \"5m\", from {} to {}",
                       duration_text(least), duration_text(most));
}

std::string ObjectReader::seconds_range_text(Duration least, Duration most) {
    return fmt::format("whole seconds from \"{}\" to \"{}\"", duration_text(least),
                       duration_text(most));
}

std::string ObjectReader::count_text(std::size_t least, std::size_t most) {
    if (least == 0) return fmt::format("at most {} values", most);
    return fmt::format("{} to {} values", least, most);
}

}  // namespace vipd
