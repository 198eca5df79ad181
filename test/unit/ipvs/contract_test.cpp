// What a Backend does, whichever it is: on the memory backend always, and on the kernel's own table
// where the environment says VIPD_IPVS_CONTRACT=kernel. There it removes every service of its
// network namespace: only for the lab.

#include "ipvs/diff.hpp"
#include "ipvs/memory_backend.hpp"
#include "ipvs/netlink_backend.hpp"
#include "test/unit/ipvs/random_table.hpp"
#include "test/unit/ipvs/table_fixture.hpp"

#include <catch2/catch.hpp>

#include <cerrno>
#include <cstdlib>
#include <memory>
#include <string_view>

using namespace vipd;
using namespace vipd::ipvs;

namespace {

const ServiceKey https4 = tcp("203.0.113.10:443");
const ServiceKey https6 = tcp("[2001:db8:f::10]:443");

bool with_kernel() {
    const char* asked = std::getenv("VIPD_IPVS_CONTRACT");
    return asked != nullptr && std::string_view(asked) == "kernel";
}

std::vector<std::string> kinds() {
    return with_kernel() ? Lines{"memory", "kernel"} : Lines{"memory"};
}

/// What makes the whole of `actual` into `wanted`.
std::vector<Change> difference(const Table& actual, const Table& wanted) {
    auto all = wanted_of(wanted);
    for (const auto& [key, service] : actual)
        all.try_emplace(key, std::nullopt);
    return diff(actual, all);
}

/// A backend with an empty table.
class Empty {
public:
    explicit Empty(const std::string& kind)
        : backend_(kind == "kernel" ? open_kernel_table() : std::make_unique<MemoryBackend>()) {
        const auto table = backend_->read();
        REQUIRE(table.has_value());
        accept(difference(*table, {}));
    }

    Backend& operator*() { return *backend_; }
    Backend* operator->() { return backend_.get(); }

    void accept(const std::vector<Change>& changes) {
        for (const Applied& answer : backend_->apply(changes)) {
            INFO(answer);
            CHECK_FALSE(answer.error);
        }
    }

    Table table() {
        auto table = backend_->read();
        REQUIRE(table.has_value());
        return std::move(*table);
    }

    /// 0 when it was done.
    int error_of(const Change& change) {
        const auto answers = backend_->apply(std::vector<Change>{change});
        REQUIRE(answers.size() == 1);
        CHECK(answers[0].change == change);
        return answers[0].error ? answers[0].error->code : 0;
    }

private:
    std::unique_ptr<Backend> backend_;
};

Service with(ServiceOptions options) {
    return {.options = std::move(options), .destinations = {}};
}

/// Written as one, read as a whole and alone, it is as it was.
void check_round_trip(Empty& backend, const ServiceKey& key, const Service& service) {
    INFO(key << " " << service);
    backend.accept(diff(key, nullptr, &service));
    CHECK(backend.table() == Table{{key, service}});
    const auto alone = backend->read_service(key);
    REQUIRE(alone.has_value());
    REQUIRE(alone->has_value());
    CHECK((*alone)->service == service);
    CHECK((*alone)->statistics.destinations.size() == service.destinations.size());
    backend.accept({RemoveService{key}});
}

}  // namespace

TEST_CASE("an empty table reads empty", "[contract]") {
    Empty backend(GENERATE(from_range(kinds())));
    CHECK(backend.table().empty());
    const auto none = backend->read_service(https4);
    REQUIRE(none.has_value());
    CHECK_FALSE(none->has_value());
    CHECK(backend->apply({}).empty());
}

TEST_CASE("every kind of service comes back as it was written", "[contract]") {
    Empty backend(GENERATE(from_range(kinds())));
    for (const ServiceKey& key :
         {https4, https6, udp("203.0.113.10:53"), udp("[2001:db8:f::10]:53"),
          ServiceKey{FirewallMark{7, Family::ipv4}},
          ServiceKey{FirewallMark{4294967295, Family::ipv6}}}) {
        check_round_trip(backend, key, with({}));
    }
}

TEST_CASE("every scheduler with its flags comes back as it was written", "[contract]") {
    Empty backend(GENERATE(from_range(kinds())));
    for (const char* scheduler :
         {"rr", "wrr", "lc", "wlc", "lblc", "lblcr", "dh", "sh", "sed", "nq", "fo", "ovf", "mh"}) {
        check_round_trip(backend, https4, with({.scheduler = scheduler}));
    }
    for (const char* scheduler : {"sh", "mh"}) {
        for (const std::uint32_t flags : {0x08U, 0x10U, 0x18U, 0x20U}) {
            check_round_trip(backend, https6,
                             with({.scheduler = scheduler, .scheduler_flags = flags}));
        }
    }
}

TEST_CASE("persistence and one-packet come back as they were written", "[contract]") {
    Empty backend(GENERATE(from_range(kinds())));
    for (const std::uint8_t prefix : std::initializer_list<std::uint8_t>{1, 24, 32}) {
        check_round_trip(backend, https4, with({.persistence = Persistence{360, prefix, ""}}));
    }
    for (const std::uint8_t prefix : std::initializer_list<std::uint8_t>{1, 64, 128}) {
        check_round_trip(backend, https6, with({.persistence = Persistence{60, prefix, ""}}));
    }
    check_round_trip(backend, udp("203.0.113.10:53"), with({.one_packet = true}));
}

TEST_CASE("every forwarding method and tunnel comes back as it was written", "[contract]") {
    Empty backend(GENERATE(from_range(kinds())));
    std::vector<Destination> destinations = {{.forwarding = Forwarding::nat},
                                             {.forwarding = Forwarding::dr},
                                             {.forwarding = Forwarding::tunnel, .weight = 0},
                                             {.weight = 65535},
                                             {.upper_threshold = 100, .lower_threshold = 50}};
    for (const auto checksum :
         {TunnelChecksum::none, TunnelChecksum::full, TunnelChecksum::remote}) {
        destinations.push_back({.tunnel = {TunnelType::gue, 6080, checksum}});
        destinations.push_back({.tunnel = {TunnelType::gre, 0, checksum}});
    }
    for (const Destination& destination : destinations) {
        Service service;
        service.destinations[server("10.0.0.11:443")] = destination;
        check_round_trip(backend, https4, service);
        service.destinations.clear();
        service.destinations[server("[2001:db8::11]:443")] = destination;
        check_round_trip(backend, https6, service);
    }
}

TEST_CASE("a tunnel may cross families, and a mark's destination keep the packet's port",
          "[contract]") {
    Empty backend(GENERATE(from_range(kinds())));
    check_round_trip(backend, https4, pool({{"[2001:db8::11]:443", 1}, {"10.0.0.11:443", 1}}));
    check_round_trip(backend, https6, pool({{"10.0.0.11:443", 1}}));
    check_round_trip(backend, FirewallMark{7, Family::ipv4}, pool({{"10.0.0.11:0", 1}}));
}

TEST_CASE("an edit changes everything that an add can set", "[contract]") {
    Empty backend(GENERATE(from_range(kinds())));
    const Service plain = pool({{"10.0.0.11:443", 1}});
    Service rich = pool({{"10.0.0.11:443", 7}});
    rich.options = {.scheduler = "mh",
                    .scheduler_flags = 0x18,
                    .persistence = Persistence{60, 24, ""},
                    .one_packet = true};
    rich.destinations.begin()->second = {.forwarding = Forwarding::tunnel,
                                         .tunnel = {TunnelType::gue, 6080, TunnelChecksum::full},
                                         .weight = 9,
                                         .upper_threshold = 3,
                                         .lower_threshold = 2};
    backend.accept(diff(https4, nullptr, &plain));
    backend.accept(diff(https4, &plain, &rich));
    CHECK(backend.table() == Table{{https4, rich}});
    backend.accept(diff(https4, &rich, &plain));
    CHECK(backend.table() == Table{{https4, plain}});
}

TEST_CASE("the errors are the kernel's", "[contract]") {
    Empty backend(GENERATE(from_range(kinds())));
    const auto there = server("10.0.0.11:443");
    const auto missing = server("10.0.0.12:443");
    const auto service = pool({{"10.0.0.11:443", 1}});
    backend.accept(diff(https4, nullptr, &service));
    backend.accept({AddService{https6, {}}});

    CHECK(backend.error_of(AddService{https4, {}}) == EEXIST);
    CHECK(backend.error_of(EditService{udp("203.0.113.10:443"), {}}) == ESRCH);
    CHECK(backend.error_of(RemoveService{udp("203.0.113.10:443")}) == ESRCH);
    CHECK(backend.error_of(EditService{https4, {.scheduler = "nonsense"}}) == ENOENT);
    CHECK(backend.error_of(EditService{https4, {.scheduler = "sixteen-letters-"}}) == EINVAL);
    CHECK(backend.error_of(EditService{https4, {.persistence = Persistence{60, 32, "nope"}}}) ==
          ENOENT);
    CHECK(backend.error_of(EditService{https6, {.persistence = Persistence{60, 0, ""}}}) == EINVAL);
    CHECK(backend.error_of(EditService{https6, {.persistence = Persistence{60, 129, ""}}}) ==
          EINVAL);

    CHECK(backend.error_of(AddDestination{udp("203.0.113.10:443"), missing, {}}) == ESRCH);
    CHECK(backend.error_of(EditDestination{udp("203.0.113.10:443"), missing, {}}) == ESRCH);
    CHECK(backend.error_of(RemoveDestination{udp("203.0.113.10:443"), missing}) == ESRCH);
    CHECK(backend.error_of(AddDestination{https4, there, {}}) == EEXIST);
    CHECK(backend.error_of(EditDestination{https4, missing, {}}) == ENOENT);
    CHECK(backend.error_of(RemoveDestination{https4, missing}) == ENOENT);

    const auto add = [&](const std::string& endpoint, const Destination& destination) {
        return backend.error_of(AddDestination{https4, server(endpoint), destination});
    };
    CHECK(add("10.0.0.12:443", {.weight = -1}) == ERANGE);
    CHECK(add("10.0.0.12:443", {.upper_threshold = 1, .lower_threshold = 2}) == ERANGE);
    CHECK(add("10.0.0.12:443", {.tunnel = {TunnelType::gue, 0, {}}}) == EINVAL);
    CHECK(add("[2001:db8::12]:443", {.forwarding = Forwarding::nat}) == EINVAL);
    CHECK(add("[2001:db8::12]:443", {.forwarding = Forwarding::dr}) == EINVAL);
    CHECK(add("[fe80::12]:443", {}) == EINVAL);
    CHECK(add("[ff02::12]:443", {}) == EINVAL);
    CHECK(add("[::]:443", {}) == EINVAL);
    CHECK(add("224.0.0.12:443", {}) == EINVAL);
    CHECK(add("255.255.255.255:443", {}) == EINVAL);
    CHECK(add("0.0.0.0:443", {}) == EINVAL);
    CHECK(backend.error_of(EditDestination{https4, there, {.weight = -1}}) == ERANGE);
    CHECK(backend.error_of(EditDestination{https4, there, {.tunnel = {TunnelType::gue, 0, {}}}}) ==
          EINVAL);
    CHECK(backend.table() == Table{{https4, service}, {https6, {}}});
}

TEST_CASE("a refused change does not stop those after it, and each has its own answer",
          "[contract]") {
    Empty backend(GENERATE(from_range(kinds())));
    const std::vector<Change> changes = {
        AddService{https4, {}}, AddDestination{https4, server("10.0.0.11:443"), {.weight = -1}},
        AddDestination{https4, server("10.0.0.12:443"), {}}, RemoveService{https6},
        AddService{https6, {}}};
    const auto answers = backend->apply(changes);
    REQUIRE(answers.size() == changes.size());
    std::vector<int> errors;
    for (std::size_t i = 0; i < changes.size(); ++i) {
        CHECK(answers[i].change == changes[i]);
        errors.push_back(answers[i].error ? answers[i].error->code : 0);
        CHECK((!answers[i].error || !answers[i].error->text.empty()));
    }
    CHECK(errors == std::vector<int>{0, ERANGE, 0, ESRCH, 0});
    CHECK(backend.table() == Table{{https4, pool({{"10.0.0.12:443", 1}})}, {https6, {}}});
}

TEST_CASE("a service with more destinations than a datagram holds is read whole", "[contract]") {
    Empty backend(GENERATE(from_range(kinds())));
    Service service;
    for (std::uint16_t port = 1; port <= 1000; ++port) {
        service.destinations[{Address::parse("10.0.0.11").value(), port}] = {};
    }
    check_round_trip(backend, https4, service);
}

TEST_CASE("many services are written and read", "[contract]") {
    Empty backend(GENERATE(from_range(kinds())));
    Table table;
    for (std::uint16_t port = 1; port <= 300; ++port) {
        table[VirtualEndpoint{Protocol::tcp, {Address::parse("2001:db8:f::10").value(), port}}] =
            pool({{"[2001:db8::11]:443", 1}, {"[2001:db8::12]:443", 2}});
    }
    backend.accept(difference({}, table));
    CHECK(backend.table() == table);
    backend.accept(difference(table, {}));
    CHECK(backend.table().empty());
}

TEST_CASE("timeouts that are not 0 are set, the others stay", "[contract]") {
    Empty backend(GENERATE(from_range(kinds())));
    REQUIRE(backend->set_timeouts({900, 120, 300}).has_value());
    CHECK(*backend->read_timeouts() == Timeouts{900, 120, 300});
    REQUIRE(backend->set_timeouts({0, 60, 10}).has_value());
    CHECK(*backend->read_timeouts() == Timeouts{900, 60, 10});
    CHECK(backend->set_timeouts({0xffffffff, 0, 0}).error().code == EINVAL);
    CHECK(*backend->read_timeouts() == Timeouts{900, 60, 10});
    REQUIRE(backend->set_timeouts({900, 120, 300}).has_value());
}

TEST_CASE("for generated tables, applying the difference gives the wanted table", "[contract]") {
    const auto kind = GENERATE(from_range(kinds()));
    Empty backend(kind);
    RandomTables random(20);
    Table actual;
    const int rounds = kind == "kernel" ? 100 : 1000;
    for (int round = 0; round < rounds; ++round) {
        const Table wanted = random.table();
        backend.accept(difference(actual, wanted));
        actual = backend.table();
        REQUIRE(actual == wanted);
        REQUIRE(difference(actual, wanted).empty());
    }
    backend.accept(difference(actual, {}));
}

TEST_CASE("an address is added once, found, and removed once", "[contract][address]") {
    const auto kind = GENERATE(from_range(kinds()));
    const std::unique_ptr<AddressBackend> host =
        kind == "kernel" ? open_host_addresses() : std::make_unique<MemoryAddresses>();
    for (const char* text : {"203.0.113.10", "2001:db8:f::10"}) {
        INFO(kind << " " << text);
        const auto vip = Address::parse(text).value();
        CHECK(*host->present("lo", vip) == false);
        CHECK(host->remove("lo", vip).has_value());
        CHECK(host->add("lo", vip).has_value());
        CHECK(host->add("lo", vip).has_value());
        CHECK(*host->present("lo", vip) == true);
        CHECK(host->read()->contains({"lo", vip}));
        CHECK(host->remove("lo", vip).has_value());
        CHECK(*host->present("lo", vip) == false);
    }
}

TEST_CASE("an interface that is missing refuses the address and has none to remove",
          "[contract][address]") {
    if (!with_kernel()) return;  // memory knows no interfaces
    const auto host = open_host_addresses();
    const auto vip = Address::parse("203.0.113.10").value();
    const auto refused = host->add("no-such-if", vip);
    REQUIRE(refused.has_error());
    CHECK(refused.error().code == ENODEV);
    CHECK(refused.error().text == "no interface no-such-if");
    CHECK(host->remove("no-such-if", vip).has_value());
    CHECK(*host->present("no-such-if", vip) == false);
}
