#include "monitors/http_response.hpp"
#include "test/fuzz/targets.hpp"

#include <algorithm>
#include <string_view>

namespace vipd::fuzz {

using monitors::HttpResponse;

namespace {

bool wants_more(const HttpResponse::Result& result) {
    return result.has_value() && *result == HttpResponse::Progress::more;
}

void require_same(const HttpResponse::Result& left, const HttpResponse::Result& right) {
    require(left.has_value() == right.has_value());
    if (left.has_value()) {
        require(*left == *right);
    } else {
        require(left.error() == right.error());
    }
}

}  // namespace

void monitors_http_response(std::span<const std::uint8_t> data) {
    if (data.empty()) return;
    const std::size_t piece = data[0] % 16U + 1U;
    std::string_view bytes(reinterpret_cast<const char*>(data.data()) + 1, data.size() - 1);
    const HttpResponse::Options options{.head_request = (data[0] & 0x80U) != 0,
                                        .keep_fields = true,
                                        .keep_body = true,
                                        .limits = {.head = 512, .body = 256}};
    HttpResponse whole(options);
    const auto at_once = whole.receive(bytes);

    HttpResponse cut(options);
    HttpResponse::Result in_pieces = HttpResponse::Progress::more;
    while (!bytes.empty() && wants_more(in_pieces)) {
        in_pieces = cut.receive(bytes.substr(0, piece));
        bytes.remove_prefix(std::min(piece, bytes.size()));
    }
    require(at_once.has_value() == in_pieces.has_value());
    require(whole.body().size() <= options.limits.body && cut.body().size() <= options.limits.body);
    if (!at_once.has_value()) {
        require(at_once.error().code == in_pieces.error().code);
        return;
    }
    require_same(at_once, in_pieces);
    require(whole.status() == cut.status() && whole.body() == cut.body() &&
            whole.fields() == cut.fields());
    if (wants_more(at_once)) require_same(whole.end(), cut.end());
}

}  // namespace vipd::fuzz
