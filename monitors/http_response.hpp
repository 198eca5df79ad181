#pragma once
// Reads one HTTP/1.x response off a stream, up to its framed end (RFC 9112). Bounded in memory,
// never throws on input.

#include "src/base/reason.hpp"

#include <boost/system/result.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace vipd::monitors {

struct HttpLimits {
    std::size_t head = 16384;  // status lines and fields of all responses, interim ones included;
                               // then each chunk's size line
    std::size_t body = 1048576;  // decoded
};

/// Feed it what arrives. Nothing is kept of the body unless `keep_body`, nothing of the fields
/// unless `keep_fields`.
class HttpResponse {
public:
    enum class Progress : std::uint8_t { more, done };
    using Result = boost::system::result<Progress, Reason>;

    struct Options {
        bool head_request = false;  // answers to HEAD have no body, whatever their fields say (RFC
                                    // 9110 section 9.3.2)
        bool keep_fields = false;
        bool keep_body = false;
        HttpLimits limits{};
    };

    explicit HttpResponse(Options options) : options_(options) {}

    /// An error is final: "http-invalid" or "http-too-large", with what was found.
    Result receive(std::string_view bytes);
    /// The stream ended. Done only where that is the framing (RFC 9112 section 6.3, rule 8); else
    /// an error.
    Result end();

    /// It is read to its framed end, with nothing behind it, and the server has agreed to keep the
    /// connection (RFC 9112 section 9.3).
    bool leaves_stream_open() const {
        return state_ == State::done && persistent_ && !ended_ && !something_behind_;
    }
    /// 0 until the status line of the final response was read.
    std::uint16_t status() const { return status_; }
    const std::string& body() const { return body_; }
    /// Names as sent, values trimmed.
    const std::vector<std::pair<std::string, std::string>>& fields() const { return fields_; }

private:
    enum class State : std::uint8_t {
        status_line,
        fields,
        body_length,
        body_to_end,
        chunk_size,
        chunk_data,
        chunk_end,
        trailers,
        done
    };

    std::optional<std::string_view> take_line(std::string_view& bytes);
    Result step(std::string_view& bytes);
    Result line(std::string_view line);
    Result status_line(std::string_view line);
    Result field(std::string_view line);
    Result transfer_encoding(std::string_view value);
    Result content_length(std::string_view value);
    Result head_end();
    Result chunk_size(std::string_view line);
    Result take_body(std::string_view& bytes);
    Result fail(std::string_view found) const;

    Options options_;
    State state_ = State::status_line;
    std::uint16_t status_ = 0;
    std::string partial_line_;
    std::size_t head_bytes_ = 0;
    std::size_t body_bytes_ = 0;
    std::optional<std::uint64_t> content_length_;
    bool chunked_ = false;
    bool persistent_ = false;
    bool ended_ = false;
    bool something_behind_ = false;
    std::uint64_t left_ = 0;  // of the body, or of the chunk
    std::string body_;
    std::vector<std::pair<std::string, std::string>> fields_;
};

}  // namespace vipd::monitors
