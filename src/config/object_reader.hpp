#pragma once
// Reads one JSON object key by key into typed values. What does not fit is reported and the target
// keeps its value, so that reading goes on; keys that nobody asked for are reported by finish(),
// with the nearest one that is known.

#include "src/base/address.hpp"
#include "src/base/time.hpp"
#include "src/config/fraction.hpp"
#include "src/config/json_document.hpp"
#include "src/config/problems.hpp"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace vipd {

/// Names of VIPs, services, servers, peers: what fits into a URL path, a metric label and a command
/// line.
bool is_name(std::string_view text);
constexpr std::string_view name_rule =
    "a name of 1 to 253 letters, digits, '.', '_', '-' or ':', starting with a letter or digit";

/// "\"tcp\", \"udp\" or \"icmp\""
std::string alternatives(const std::vector<std::string>& names);

/// The known word nearest to what was written, if it is near enough to be what was meant.
std::optional<std::string> nearest(std::string_view written, const std::vector<std::string>& known);

/// The folder of each file that was read: where relative paths in it start.
using Folders = std::vector<std::string>;

class ObjectReader;

/// {"ipv4": address, "ipv6": address}, one or both; what is not written stays.
void read_address_of_each_family(ObjectReader& reader, std::string_view key,
                                 std::map<Family, Address>& into);

class ObjectReader {
public:
    /// `value` and `problems` must outlive this. A value that is not an object is reported and
    /// reads as an empty one.
    ObjectReader(const JsonValue& value, std::string pointer, Problems& problems);

    const std::string& pointer() const { return pointer_; }
    Problems& problems() const { return problems_; }

    /// The value of a key, which is known from now on; null if it is not there.
    const JsonValue* find(std::string_view key);
    /// Whether the key is written, known or not.
    bool has(std::string_view key) const { return value_.find(key) != nullptr; }

    /// The general form: `parse` makes an optional of the value; nothing means that it is not
    /// acceptable.
    template <class T, class Parse>
    void read(std::string_view key, T& into, std::string_view accepted, Parse parse) {
        const auto* value = find(key);
        if (value == nullptr) return;
        if (auto parsed = parse(*value)) {
            into = std::move(*parsed);
        } else {
            reject(key, *value, accepted);
        }
    }

    void boolean(std::string_view key, bool& into);
    /// T is Fraction or an optional of it.
    template <class T>
    void fraction(std::string_view key, T& into) {
        read(key, into, "a number from 0 to 1 with at most nine decimals",
             [](const JsonValue& value) {
                 return value.is(JsonValue::Kind::number) ? Fraction::parse(value.text)
                                                          : std::nullopt;
             });
    }

    /// Whole numbers from least to most. T is an integer or an optional of one.
    template <class T>
    void integer(std::string_view key, T& into, std::uint64_t least = 0,
                 std::uint64_t most = std::numeric_limits<IntegerOf<T>>::max(),
                 std::string_view what = "a whole number") {
        read(key, into, range_text(what, least, most), [least, most](const JsonValue& value) {
            const auto number = whole_number(value, least, most);
            return number ? std::optional<IntegerOf<T>>(static_cast<IntegerOf<T>>(*number))
                          : std::nullopt;
        });
    }

    /// T is Duration or an optional of it.
    template <class T>
    void duration(std::string_view key, T& into, Duration least, Duration most) {
        read(key, into, duration_range_text(least, most),
             [least, most](const JsonValue& value) { return duration_within(value, least, most); });
    }

    /// The same for what the other side keeps in whole seconds.
    template <class T>
    void seconds(std::string_view key, T& into, Duration least, Duration most) {
        read(key, into, seconds_range_text(least, most), [least, most](const JsonValue& value) {
            const auto duration = duration_within(value, least, most);
            const bool whole = duration && *duration % std::chrono::seconds(1) == Duration(0);
            return whole ? duration : std::nullopt;
        });
    }

    /// T is Address or an optional of it.
    template <class T>
    void address(std::string_view key, T& into) {
        read(key, into, address_rule, [](const JsonValue& value) { return address_of(value); });
    }

    /// T is std::string or an optional of it. Any text without control characters, not empty.
    template <class T>
    void text(std::string_view key, T& into, std::string_view accepted = "text") {
        read(key, into, accepted, [](const JsonValue& value) { return plain_text(value); });
    }

    /// A path; a relative one starts at the folder of its file. T is std::string or an optional of
    /// it.
    template <class T>
    void path(std::string_view key, T& into, const Folders& folders) {
        read(key, into, "a path", [&folders](const JsonValue& value) {
            return path_of(value, folders[value.position.file]);
        });
    }

    /// One address or an array of one or two.
    void addresses(std::string_view key, std::vector<Address>& into);

    /// One of some words.
    template <class E>
    void choice(std::string_view key, E& into,
                const std::vector<std::pair<std::string, E>>& choices) {
        read(key, into, choices_text(choices),
             [&choices](const JsonValue& value) -> std::optional<E> {
                 for (const auto& [name, meaning] : choices) {
                     if (value.is(JsonValue::Kind::string) && value.text == name) return meaning;
                 }
                 return std::nullopt;
             });
    }

    /// Calls visit(ObjectReader&) for a nested object and finishes it.
    template <class Visit>
    void object(std::string_view key, Visit visit) {
        const auto* value = find(key);
        if (value == nullptr) return;
        ObjectReader nested(*value, pointer_to(pointer_, key), problems_);
        visit(nested);
        nested.finish();
    }

    /// What can be turned off: false does, an object turns it on, or changes what was inherited.
    /// Calls visit(ObjectReader&, T&) for the object.
    template <class T, class Visit>
    void switched(std::string_view key, std::string_view accepted, std::optional<T>& into,
                  Visit visit) {
        const auto* value = find(key);
        if (value == nullptr) return;
        if (value->is(JsonValue::Kind::boolean) && !value->boolean) {
            into.reset();
            return;
        }
        if (!value->is(JsonValue::Kind::object)) return reject(key, *value, accepted);
        auto settings = into.value_or(T{});
        object(key, [&](ObjectReader& nested) { visit(nested, settings); });
        into = std::move(settings);
    }

    /// Calls visit(const std::string& name, const JsonValue&, std::string pointer) for each member
    /// of an object whose keys are names chosen by the operator. An empty one is rejected.
    template <class Visit>
    void named(std::string_view key, std::string_view accepted, Visit visit) {
        const auto* value = find(key);
        if (value == nullptr) return;
        if (!value->is(JsonValue::Kind::object) || value->members.empty()) {
            reject(key, *value, accepted);
            return;
        }
        const auto parent = pointer_to(pointer_, key);
        for (const auto& member : value->members) {
            auto pointer = pointer_to(parent, member.key);
            if (!is_name(member.key)) {
                problems_.add(member.position, pointer, "the name " + in_quotes(member.key),
                              std::string(name_rule));
            }
            visit(member.key, member.value, std::move(pointer));
        }
    }

    /// Calls visit(const JsonValue&, std::string pointer) for each element of an array of
    /// least..most elements.
    template <class Visit>
    void elements(std::string_view key, std::size_t least, std::size_t most,
                  std::string_view accepted, Visit visit) {
        const auto* value = find(key);
        if (value == nullptr) return;
        if (!value->is(JsonValue::Kind::array) || value->elements.size() < least ||
            value->elements.size() > most) {
            reject(key, *value, accepted);
            return;
        }
        const auto parent = pointer_to(pointer_, key);
        for (std::size_t i = 0; i < value->elements.size(); ++i) {
            visit(value->elements[i], pointer_to(parent, i));
        }
    }

    /// An array of values that parse one by one; each value once.
    template <class T, class Parse>
    void list(std::string_view key, std::vector<T>& into, std::size_t least, std::size_t most,
              const std::string& element, Parse parse) {
        std::vector<T> read_values;
        bool whole = find(key) != nullptr;
        elements(key, least, most, "an array of " + count_text(least, most) + ", each " + element,
                 [&](const JsonValue& value, std::string pointer) {
                     auto parsed = parse(value);
                     if (!parsed) {
                         problems_.add(value.position, std::move(pointer), value.summary(),
                                       element);
                     } else if (std::find(read_values.begin(), read_values.end(), *parsed) !=
                                read_values.end()) {
                         problems_.add(value.position, std::move(pointer),
                                       value.summary() + " a second time", "each value once");
                     } else {
                         read_values.push_back(std::move(*parsed));
                     }
                 });
        if (whole) into = std::move(read_values);
    }

    /// Reports a key that must be there and is not.
    void require(std::string_view key, std::string_view accepted);
    /// Reports the value of a key.
    void reject(std::string_view key, const JsonValue& value, std::string_view accepted);
    /// Reports unknown keys; call it when all known keys have been asked for.
    void finish();

    static constexpr std::string_view address_rule = "an IP address (host names are not accepted)";

    static std::optional<Address> address_of(const JsonValue& value);
    static std::optional<std::string> plain_text(const JsonValue& value);
    static std::optional<std::string> path_of(const JsonValue& value, const std::string& folder);
    static std::optional<std::uint64_t> whole_number(const JsonValue& value, std::uint64_t least,
                                                     std::uint64_t most);

private:
    template <class T>
    struct Integer {
        using type = T;
    };
    template <class T>
    struct Integer<std::optional<T>> {
        using type = T;
    };
    template <class T>
    using IntegerOf = typename Integer<T>::type;

    static std::optional<Duration> duration_within(const JsonValue& value, Duration least,
                                                   Duration most);
    static std::string range_text(std::string_view what, std::uint64_t least, std::uint64_t most);
    static std::string duration_range_text(Duration least, Duration most);
    static std::string seconds_range_text(Duration least, Duration most);
    static std::string count_text(std::size_t least, std::size_t most);

    template <class E>
    static std::string choices_text(const std::vector<std::pair<std::string, E>>& choices) {
        std::vector<std::string> names;
        for (const auto& choice : choices)
            names.push_back(choice.first);
        return alternatives(names);
    }

    const JsonValue& value_;
    std::string pointer_;
    Problems& problems_;
    std::vector<std::string> known_;
};

}  // namespace vipd
