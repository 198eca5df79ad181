#pragma once
// Writes JSON straight into a string, in the order given. Not a DOM: a picture of 100,000 servers
// as nlohmann::json costs two million map nodes; as text it costs its bytes.

#include <charconv>
#include <chrono>
#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace vipd {

/// Appends `text` as a JSON string with quotes. Bytes that are not UTF-8 become U+FFFD, so the
/// result always parses.
void append_json_string(std::string& out, std::string_view text);

class JsonWriter {
public:
    void begin_object();
    void end_object();
    void begin_array();
    void end_array();

    /// The name of the member whose value follows.
    void key(std::string_view name);

    void null();
    void value(bool flag);
    void value(std::string_view text);
    void value(const char* text) { value(std::string_view(text)); }
    void value(const std::string& text) { value(std::string_view(text)); }
    /// An array of them.
    void value(const std::vector<std::string>& texts);
    /// Seconds with three decimals.
    void value(std::chrono::milliseconds duration);

    template <std::integral Integer>
    requires(!std::same_as<Integer, bool>) void value(Integer number) {
        char digits[24];
        const auto end = std::to_chars(digits, digits + sizeof digits, number).ptr;
        raw(std::string_view(digits, end));
    }

    template <class T>
    void value(const std::optional<T>& maybe) {
        if (maybe) {
            value(*maybe);
        } else {
            null();
        }
    }

    /// A value that is JSON already.
    void raw(std::string_view json);

    template <class T>
    void member(std::string_view name, const T& content) {
        key(name);
        value(content);
    }

    void reserve(std::size_t bytes) { out_.reserve(bytes); }
    std::string take() { return std::move(out_); }

private:
    void separate();
    void open(char bracket);
    void close(char bracket);

    std::string out_;
    bool first_ = true;  // nothing has been written since the last opening bracket or key
};

}  // namespace vipd
