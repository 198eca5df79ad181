#pragma once
// JSON text (comments allowed) as values that know where they stand in the text. Pure; any input
// gives a value or problems.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace vipd {

/// Bounds on what is read, far above any real configuration: 100,000 servers need about 10 MB and
/// 700,000 values.
constexpr std::size_t json_max_bytes = 64U << 20U;
constexpr std::size_t json_max_values = 4'000'000;
constexpr std::size_t json_max_depth = 32;

/// A byte of one of the files that were read.
struct SourcePosition {
    std::uint32_t file = 0;  // index into the files, in the order in which they were opened
    std::uint32_t offset = 0;  // bytes from the start of the file

    auto operator<=>(const SourcePosition&) const = default;
};

struct JsonMember;

struct JsonValue {
    enum class Kind : std::uint8_t { null, boolean, number, string, array, object };

    Kind kind = Kind::null;
    bool boolean = false;
    SourcePosition position;  // first byte of the value
    std::string text;  // a string's value, or a number as it is written
    std::vector<JsonValue> elements;
    std::vector<JsonMember> members;  // in the order of the text, each key once

    bool is(Kind wanted) const { return kind == wanted; }
    /// The member with this key of an object; null if there is none.
    const JsonMember* find(std::string_view key) const;
    /// For messages: "9", 9, true, an object. Long strings are cut, control characters escaped.
    std::string summary() const;
};

struct JsonMember {
    std::string key;
    SourcePosition position;  // first byte of the key
    JsonValue value;
};

/// What is wrong with the text itself: syntax, a duplicate key, a bound.
struct JsonProblem {
    SourcePosition position;
    std::string pointer;
    std::string found;
    std::string accepted;
};

struct JsonReading {
    JsonValue root;  // of use only where there are no problems but duplicate keys
    std::vector<JsonProblem> problems;  // in the order of the text
    bool complete = false;  // the text was read to its end
};

/// Reads a whole text. A duplicate key is a problem and its first value stands. Never throws on any
/// input.
JsonReading read_json(std::string_view text, std::uint32_t file = 0);

/// One reference token appended to a JSON pointer (RFC 6901 §3: ~ and / are escaped).
std::string pointer_to(std::string_view parent, std::string_view key);
std::string pointer_to(std::string_view parent, std::size_t index);

/// The string in quotes as messages show it: at most `limit` bytes, control characters escaped.
std::string in_quotes(std::string_view text, std::size_t limit = 60);

/// Line and column (1-based, in bytes) of an offset.
struct LineColumn {
    unsigned line = 1;
    unsigned column = 1;
};

/// Finds lines by offset without reading the text again each time.
class LineIndex {
public:
    explicit LineIndex(std::string_view text);
    LineColumn locate(std::uint32_t offset) const;

private:
    std::vector<std::uint32_t> starts_;
};

}  // namespace vipd
