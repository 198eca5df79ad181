#include "ipvs/memory_backend.hpp"

#include "test/unit/ipvs/table_fixture.hpp"

#include <catch2/catch.hpp>

#include <cerrno>

using namespace vipd;
using namespace vipd::ipvs;

TEST_CASE("the memory backend records what it was asked for, refused or not") {
    MemoryBackend backend;
    const std::vector<Change> changes = {AddService{vip, {}}, AddService{vip, {}}};
    backend.apply(changes);
    CHECK(backend.recorded() == changes);
    backend.forget_recorded();
    CHECK(backend.recorded().empty());
}

TEST_CASE("the n-th change from now on is refused once, and not made") {
    MemoryBackend backend;
    backend.apply(std::vector<Change>{AddService{vip, {}}});
    backend.refuse_nth(2, out_of_memory);
    const Change add = AddDestination{vip, server("10.0.0.12:443"), {}};
    const auto answers =
        backend.apply(std::vector<Change>{AddDestination{vip, server("10.0.0.11:443"), {}}, add});
    CHECK_FALSE(answers[0].error);
    CHECK(answers[1].error == out_of_memory);
    CHECK(backend.table().at(vip).destinations.size() == 1);
    CHECK_FALSE(backend.apply(std::vector<Change>{add})[0].error);
}

TEST_CASE("a refused target stays refused until it is allowed") {
    MemoryBackend backend;
    const Change add = AddService{vip, {}};
    backend.refuse(target_of(add), out_of_memory);
    CHECK(backend.apply(std::vector<Change>{add, add})[1].error == out_of_memory);
    backend.allow(target_of(add));
    CHECK_FALSE(backend.apply(std::vector<Change>{add})[0].error);
}

TEST_CASE("reads fail while they are told to") {
    MemoryBackend backend({{vip, pool({})}});
    backend.fail_reads(KernelError{EPERM, "Operation not permitted"});
    CHECK(backend.read().error().code == EPERM);
    CHECK(backend.read_service(vip).error().code == EPERM);
    backend.fail_reads(std::nullopt);
    CHECK(backend.read()->size() == 1);
    CHECK(backend.reads() == 3);
}
