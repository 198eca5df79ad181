// What the configuration asks of the kernel beyond servers and weights, through the controller.

#include "src/control/controller.hpp"
#include "test/unit/control/site.hpp"

#include <catch2/catch.hpp>

#include <algorithm>

using namespace vipd;
using namespace vipd::test;

namespace {

bool has_alert(Controller& controller, const std::string& code, TimePoint now) {
    return std::ranges::any_of(controller.snapshot(now)->alerts,
                               [&](const Alert& alert) { return alert.code == code; });
}

}  // namespace

TEST_CASE("a firewall mark is programmed and makes its VIP announced") {
    auto config = small_config(1);
    auto& service = config.services.at("web-80");
    service.port = 0;
    service.firewall_mark = 7;
    Site site(config);
    site.read_kernel();
    site.up("s1");
    const auto found = site.table.find(ipvs::FirewallMark{7, Family::ipv4});
    REQUIRE(found != site.table.end());
    CHECK(found->second.destinations.contains({ip("10.0.0.1"), 0}));
    CHECK(site.announced());
    CHECK(site.controller.snapshot(site.now)->services.at("web-80")->firewall_mark == 7);
}

TEST_CASE("servers of the other family serve a VIP through tunnels, where that is asked for") {
    auto config = small_config(2);
    config.vips.at("web").addresses = {ip("2001:db8:f::10")};
    config.services.at("web-80").outer_family = Family::ipv4;
    Site site(config);
    site.read_kernel();
    site.up("s1");
    site.up("s2");
    CHECK(site.kernel("2001:db8:f::10") ==
          std::map<std::string, int>{{"10.0.0.1", 1}, {"10.0.0.2", 1}});
    CHECK(site.announced("2001:db8:f::10"));
}

TEST_CASE("a reload that changes options edits the service and keeps its servers") {
    Site site(small_config(1));
    site.read_kernel();
    site.up("s1");
    auto config = small_config(1);
    auto& service = config.services.at("web-80");
    service.persistence = PersistenceConfig{60s, 24, 64};
    service.servers.at("s1").upper_threshold = 9;
    site.journal.clear();
    site.reload(config);
    const auto& now = site.table.begin()->second;
    CHECK(now.options.persistence == ipvs::Persistence{60, 24, ""});
    CHECK(now.destinations.begin()->second.upper_threshold == 9);
    CHECK(site.journal.size() == 2);
    CHECK(site.announced());
}

TEST_CASE("timeouts are not asked about when none is configured") {
    Controller controller(small_config(1), TimePoint{});
    ipvs::KernelReport read;
    read.table = std::make_shared<const ipvs::Table>();
    controller.handle(read, TimePoint{});
    CHECK_FALSE(controller.take_outputs().kernel.timeouts);
    controller.reload(small_config(2), TimePoint{});
    CHECK_FALSE(controller.take_outputs().kernel.timeouts);
}

TEST_CASE("timeouts are wanted once the kernel was read, and again when a reload changes them") {
    auto config = small_config(1);
    config.ipvs.timeouts = {600, 0, 50};
    Controller controller(config, TimePoint{});
    CHECK_FALSE(controller.take_outputs().kernel.timeouts);
    ipvs::KernelReport read;
    read.table = std::make_shared<const ipvs::Table>();
    controller.handle(read, TimePoint{});
    CHECK(controller.take_outputs().kernel.timeouts == config.ipvs.timeouts);
    config.ipvs.timeouts.udp_seconds = 30;
    controller.reload(config, TimePoint{});
    CHECK(controller.take_outputs().kernel.timeouts == config.ipvs.timeouts);
}

TEST_CASE("timeouts that the kernel refuses are an alert until a sweep finds them well") {
    Controller controller(small_config(1), TimePoint{});
    ipvs::KernelReport refused;
    refused.timeouts_error = ipvs::KernelError{1, "not permitted"};
    controller.handle(refused, TimePoint{});
    CHECK(has_alert(controller, "timeouts-refused", TimePoint{}));
    controller.handle(ipvs::KernelReport{}, TimePoint{});
    CHECK(has_alert(controller, "timeouts-refused", TimePoint{}));
    ipvs::KernelReport swept;
    swept.statistics = std::make_shared<const ipvs::Statistics>();
    controller.handle(swept, TimePoint{});
    CHECK_FALSE(has_alert(controller, "timeouts-refused", TimePoint{}));
}
