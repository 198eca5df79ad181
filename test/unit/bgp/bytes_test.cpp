#include "bgp/bytes.hpp"

#include "test/unit/bgp/support.hpp"

#include <catch2/catch.hpp>

using namespace vipd::bgp;
using namespace vipd::bgp::test;

TEST_CASE("a reader takes big-endian numbers off the front") {
    const auto data = bytes("01 0203 04050607 aabb");
    Reader reader(data);
    CHECK(reader.u8() == 0x01);
    CHECK(reader.u16() == 0x0203);
    CHECK(reader.u32() == 0x04050607);
    CHECK(hex(reader.take(2)) == "aabb");
    CHECK(reader.empty());
    CHECK_FALSE(reader.failed());
}

TEST_CASE("a reader that is asked for more than there is fails for good and gives zeros") {
    const auto data = bytes("01 02 03");
    Reader reader(data);
    CHECK(reader.u32() == 0);
    CHECK(reader.failed());
    CHECK(reader.left() == 0);
    CHECK(reader.u8() == 0);
    CHECK(reader.take(0).empty());
    CHECK(reader.failed());
}

TEST_CASE("taking nothing from nothing is no failure") {
    Reader reader({});
    CHECK(reader.take(0).empty());
    CHECK_FALSE(reader.failed());
}

TEST_CASE("a writer appends and patches lengths in later") {
    Bytes out{0xee};
    Writer writer(out);
    const auto length = writer.position();
    writer.u16(0);
    writer.u32(0x01020304);
    writer.u8(5);
    writer.patch_u16(length, writer.position() - length);
    CHECK(hex(out) == packed("ee 0007 01020304 05"));
}
