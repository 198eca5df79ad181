#include "monitors/http_response.hpp"

#include "monitors/text.hpp"

#include <algorithm>
#include <charconv>

namespace vipd::monitors {

namespace {

std::string_view trimmed(std::string_view text) {
    const auto first = text.find_first_not_of(" \t");
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

/// Whether `word` is in a list of words and commas (RFC 9110 section 5.6.1).
bool lists(std::string_view list, std::string_view word) {
    while (!list.empty()) {
        const auto comma = std::min(list.find(','), list.size());
        if (equal_ignoring_case(trimmed(list.substr(0, comma)), word)) return true;
        list.remove_prefix(std::min(comma + 1, list.size()));
    }
    return false;
}

Reason too_large(std::string_view what, std::size_t limit) {
    return {"http-too-large",
            "more than " + std::to_string(limit) + " bytes of " + std::string(what)};
}

/// All of `text` as a number; nothing if anything else is in it or it does not fit.
std::optional<std::uint64_t> number(std::string_view text, int base) {
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
    if (text.empty() || error != std::errc{} || end != text.data() + text.size())
        return std::nullopt;
    return value;
}

}  // namespace

HttpResponse::Result HttpResponse::receive(std::string_view bytes) {
    while (!bytes.empty() && state_ != State::done) {
        const auto result = step(bytes);
        if (!result) return result;
    }
    something_behind_ = something_behind_ || !bytes.empty();
    return state_ == State::done ? Progress::done : Progress::more;
}

HttpResponse::Result HttpResponse::end() {
    ended_ = true;
    if (state_ == State::done || state_ == State::body_to_end) {
        state_ = State::done;
        return Progress::done;
    }
    if (status_ == 0) return Reason{"connection-closed", "closed before a status line"};
    const auto found = state_ == State::fields
                           ? std::string("closed inside the header fields")
                           : "closed after " + std::to_string(body_bytes_) + " bytes of the body" +
                                 (content_length_ ? " of " + std::to_string(*content_length_) : "");
    return Reason{"connection-closed", found};
}

HttpResponse::Result HttpResponse::step(std::string_view& bytes) {
    const bool in_body =
        state_ == State::body_length || state_ == State::body_to_end || state_ == State::chunk_data;
    if (in_body) return take_body(bytes);

    const auto before = bytes.size();
    const auto whole = take_line(bytes);
    head_bytes_ += before - bytes.size();
    if (head_bytes_ > options_.limits.head) return too_large("header fields", options_.limits.head);
    if (!whole) return Progress::more;

    std::string_view text = *whole;
    if (!text.empty() && text.back() == '\r') text.remove_suffix(1);
    const auto result = line(text);
    partial_line_.clear();
    return result;
}

/// Up to and without the LF. A line in one piece is not copied.
std::optional<std::string_view> HttpResponse::take_line(std::string_view& bytes) {
    const auto end = bytes.find('\n');
    const auto piece = bytes.substr(0, end);
    bytes.remove_prefix(end == std::string_view::npos ? bytes.size() : end + 1);
    if (end != std::string_view::npos && partial_line_.empty()) return piece;
    partial_line_.append(piece);
    if (end == std::string_view::npos) return std::nullopt;
    return partial_line_;
}

HttpResponse::Result HttpResponse::line(std::string_view text) {
    switch (state_) {
        case State::status_line:
            return status_line(text);
        case State::fields:
            return text.empty() ? head_end() : field(text);
        case State::chunk_size:
            return chunk_size(text);
        case State::chunk_end:
            if (!text.empty()) return fail("chunk longer than its size: " + quoted(text));
            state_ = State::chunk_size;
            return Progress::more;
        case State::trailers:
            if (text.empty()) state_ = State::done;
            return Progress::more;
        case State::body_length:
        case State::body_to_end:
        case State::chunk_data:
        case State::done:
            break;
    }
    return Progress::more;
}

HttpResponse::Result HttpResponse::status_line(std::string_view text) {
    // "HTTP/1.1 200 OK"; some servers leave out the space before an empty phrase.
    const bool shaped = text.size() >= 12 && text.starts_with("HTTP/1.") && text[7] >= '0' &&
                        text[7] <= '9' && text[8] == ' ' && (text.size() == 12 || text[12] == ' ');
    const auto code = shaped ? number(text.substr(9, 3), 10) : std::nullopt;
    if (!code || *code < 100 || *code > 599) return fail("status line " + quoted(text));
    status_ = static_cast<std::uint16_t>(*code);
    persistent_ = text[7] != '0';
    state_ = State::fields;
    return Progress::more;
}

HttpResponse::Result HttpResponse::field(std::string_view text) {
    const auto colon = text.find(':');
    if (colon == std::string_view::npos || colon == 0 || text.front() == ' ' ||
        text.front() == '\t') {
        return fail("header field " + quoted(text));
    }
    const auto name = text.substr(0, colon);
    const auto value = trimmed(text.substr(colon + 1));
    if (options_.keep_fields) fields_.emplace_back(name, value);
    if (equal_ignoring_case(name, "connection") && lists(value, "close")) persistent_ = false;
    if (equal_ignoring_case(name, "content-length")) return content_length(value);
    if (equal_ignoring_case(name, "transfer-encoding")) return transfer_encoding(value);
    return Progress::more;
}

HttpResponse::Result HttpResponse::content_length(std::string_view value) {
    const auto length = number(value, 10);
    if (!length) return fail("content-length " + quoted(value));
    if (content_length_ && *content_length_ != *length)
        return fail("two different content-lengths");
    content_length_ = length;
    return Progress::more;
}

HttpResponse::Result HttpResponse::transfer_encoding(std::string_view value) {
    // We ask for no other coding, so none may be applied (RFC 9112 section 7.4, RFC 9110
    // section 10.1.4).
    if (chunked_ || !equal_ignoring_case(value, "chunked"))
        return fail("transfer-encoding " + quoted(value));
    chunked_ = true;
    return Progress::more;
}

/// RFC 9112 section 6.3, in its order.
HttpResponse::Result HttpResponse::head_end() {
    if (status_ == 101) return fail("101 without having asked for an upgrade");
    if (status_ < 200) {
        status_ = 0;
        content_length_.reset();
        chunked_ = false;
        fields_.clear();
        state_ = State::status_line;
        return Progress::more;
    }
    const bool bodiless = options_.head_request || status_ == 204 || status_ == 304;
    if (bodiless) {
        state_ = State::done;
    } else if (chunked_) {
        if (content_length_) return fail("both transfer-encoding and content-length");
        state_ = State::chunk_size;
    } else if (content_length_) {
        if (*content_length_ > options_.limits.body)
            return too_large("body announced", options_.limits.body);
        left_ = *content_length_;
        state_ = left_ == 0 ? State::done : State::body_length;
    } else {
        state_ = State::body_to_end;
    }
    return Progress::more;
}

HttpResponse::Result HttpResponse::chunk_size(std::string_view text) {
    const auto size = number(trimmed(text.substr(0, text.find(';'))), 16);
    if (!size) return fail("chunk size " + quoted(text));
    left_ = *size;
    head_bytes_ = 0;  // each chunk, and the trailers, may cost as much again; the body's bound
                      // bounds the chunks
    state_ = left_ == 0 ? State::trailers : State::chunk_data;
    return Progress::more;
}

HttpResponse::Result HttpResponse::take_body(std::string_view& bytes) {
    const bool framed = state_ != State::body_to_end;
    const auto length = framed
                            ? static_cast<std::size_t>(std::min<std::uint64_t>(left_, bytes.size()))
                            : bytes.size();
    if (length > options_.limits.body - body_bytes_) return too_large("body", options_.limits.body);

    body_bytes_ += length;
    if (options_.keep_body) body_.append(bytes.substr(0, length));
    bytes.remove_prefix(length);
    if (!framed) return Progress::more;

    left_ -= length;
    if (left_ == 0) state_ = state_ == State::body_length ? State::done : State::chunk_end;
    return Progress::more;
}

HttpResponse::Result HttpResponse::fail(std::string_view found) const {
    return Reason{"http-invalid", "got " + std::string(found)};
}

}  // namespace vipd::monitors
