#include "bgp/error.hpp"

#include "test/unit/bgp/support.hpp"

#include <catch2/catch.hpp>

using namespace vipd::bgp;
using namespace vipd::bgp::test;

namespace {

Notification cease_carrying(std::uint8_t subcode, std::string_view text) {
    Notification notification{ErrorCode::cease, subcode, {}};
    notification.data.push_back(static_cast<std::uint8_t>(text.size()));
    notification.data.insert(notification.data.end(), text.begin(), text.end());
    return notification;
}

}  // namespace

TEST_CASE("a NOTIFICATION is shown with its numbers and names") {
    CHECK(to_string(Notification{ErrorCode::hold_timer_expired, 0, {}}) ==
          "4/0 Hold Timer Expired");
    CHECK(to_string(Notification{ErrorCode::open_message, 2, {}}) ==
          "2/2 OPEN Message Error, Bad Peer AS");
    CHECK(to_string(Notification{ErrorCode::cease, 7, {}}) ==
          "6/7 Cease, Connection Collision Resolution");
    CHECK(to_string(Notification{ErrorCode::route_refresh_message, 1, {}}) ==
          "7/1 ROUTE-REFRESH Message Error, Invalid Message Length");
    CHECK(to_string(Notification{ErrorCode::send_hold_timer_expired, 0, {}}) ==
          "8/0 Send Hold Timer Expired");
    CHECK(to_string(Notification{ErrorCode::message_header, 2, bytes("0012")}) ==
          "1/2 Message Header Error, Bad Message Length: data 0012");
}

TEST_CASE("a NOTIFICATION without a name keeps its numbers") {
    CHECK(to_string(Notification{static_cast<ErrorCode>(200), 9, {}}) == "200/9 Unknown Error");
    CHECK(to_string(Notification{ErrorCode::cease, 77, {}}) == "6/77 Cease");
}

TEST_CASE("long data is cut where it is shown") {
    const auto text = to_string(Notification{ErrorCode::update_message, 1, Bytes(4000, 0xab)});
    CHECK(text.size() < 150);
    CHECK(text.find("abab…") != std::string::npos);
}

TEST_CASE("the text of a shutdown is decoded") {
    CHECK(to_string(cease_carrying(2, "moving racks")) ==
          "6/2 Cease, Administrative Shutdown: \"moving racks\"");
    CHECK(to_string(cease_carrying(4, "réglage")) ==
          "6/4 Cease, Administrative Reset: \"réglage\"");
}

TEST_CASE("a shutdown text cannot harm who reads it") {
    CHECK(to_string(cease_carrying(2, "a\x1b[31mb\r\nc\x7f")) ==
          "6/2 Cease, Administrative Shutdown: \"a?[31mb??c?\"");
    SECTION("broken UTF-8") {
        CHECK(to_string(cease_carrying(2, "\xc3\x28|\xe2\x82|\xff|\xc0\xaf|\xed\xa0\x80")) ==
              "6/2 Cease, Administrative Shutdown: \"?(|??|?|??|???\"");
    }
    SECTION("a cut character at the end") {
        CHECK(to_string(cease_carrying(2, "a\xf0\x9f\x98")) ==
              "6/2 Cease, Administrative Shutdown: \"a???\"");
    }
    SECTION("text that runs the other way") {
        CHECK(to_string(cease_carrying(2, "a\xe2\x80\xae")) ==
              "6/2 Cease, Administrative Shutdown: \"a???\"");
    }
    SECTION("a length that runs over the end") {
        CHECK(to_string(Notification{ErrorCode::cease, 2, bytes("05 41")}) ==
              "6/2 Cease, Administrative Shutdown");
    }
}

TEST_CASE("a hard reset shows what it wraps, one level deep") {
    CHECK(to_string(Notification{ErrorCode::cease, 9, bytes("06 02 02 6869")}) ==
          "6/9 Cease, Hard Reset: 6/2 Cease, Administrative Shutdown: \"hi\"");
    CHECK(to_string(Notification{ErrorCode::cease, 9, bytes("06 09 06 02")}) ==
          "6/9 Cease, Hard Reset: data 06090602");
    CHECK(to_string(Notification{ErrorCode::cease, 9, bytes("06")}) ==
          "6/9 Cease, Hard Reset: data 06");
}

TEST_CASE("our shutdown text is cut to 255 bytes, never inside a character") {
    CHECK(hex(cease_with_text(2, "hi").data) == packed("02 6869"));
    CHECK(cease_with_text(2, "").data.empty());
    CHECK(cease_with_text(2, std::string(300, 'x')).data.size() == 256);
    const auto cut = cease_with_text(2, std::string(254, 'x') + "é");
    CHECK(cut.data.size() == 255);
    CHECK(cut.data[0] == 254);
}
