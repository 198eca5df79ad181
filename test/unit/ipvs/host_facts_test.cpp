#include "ipvs/host_facts.hpp"

#include "test/unit/ipvs/table_fixture.hpp"

#include <catch2/catch.hpp>

#include <cstdlib>
#include <fstream>

using namespace vipd;
using namespace vipd::ipvs;

namespace {

namespace fs = std::filesystem;

/// A folder that looks like a host's root, gone with the test.
class Root {
public:
    Root() {
        std::string name = (fs::temp_directory_path() / "vipd-host-XXXXXX").string();
        REQUIRE(mkdtemp(name.data()) != nullptr);
        path_ = name;
    }
    ~Root() { fs::remove_all(path_); }
    Root(const Root&) = delete;
    Root& operator=(const Root&) = delete;

    const fs::path& path() const { return path_; }

    void write(const std::string& file, const std::string& text) {
        fs::create_directories((path_ / file).parent_path());
        std::ofstream(path_ / file) << text << '\n';
    }

private:
    fs::path path_;
};

}  // namespace

TEST_CASE("settings, interfaces and scheduler modules are read, what is missing is left out",
          "[edge]") {
    Root root;
    root.write("proc/sys/net/ipv4/ip_forward", "1");
    root.write("proc/sys/net/ipv4/vs/sloppy_tcp", "0");
    root.write("proc/sys/net/ipv4/vs/conntrack", "not a number");
    root.write("proc/sys/net/ipv4/conf/eth0/rp_filter", "2");
    root.write("sys/class/net/eth0/mtu", "1500");
    root.write("sys/class/net/lo/mtu", "65536");
    root.write("sys/module/ip_vs_mh/refcnt", "0");
    root.write("sys/module/dummy/refcnt", "0");
    const auto facts = read_host_facts(root.path(), {});
    CHECK(facts.sysctls ==
          std::map<std::string, std::int64_t>{{"net/ipv4/ip_forward", 1},
                                              {"net/ipv4/vs/sloppy_tcp", 0},
                                              {"net/ipv4/conf/eth0/rp_filter", 2}});
    CHECK(facts.interfaces == std::set<std::string>{"eth0"});
    CHECK(facts.modules == std::set<std::string>{"ip_vs_mh"});
    CHECK(facts.mtu_to.empty());
}

TEST_CASE("the way to a tunnel's end tells its MTU", "[edge]") {
    Root root;
    root.write("sys/class/net/lo/mtu", "65536");
    const Table services{{tcp("203.0.113.10:443"), pool({{"127.0.0.1:443", 1}})}};
    const auto facts = read_host_facts(root.path(), services);
    CHECK(facts.mtu_to ==
          std::map<Address, std::uint32_t>{{Address::parse("127.0.0.1").value(), 65536}});
}

TEST_CASE("a host that cannot be read at all has no facts", "[edge]") {
    const auto facts = read_host_facts("/nonexistent", {});
    CHECK(facts.sysctls.empty());
    CHECK(facts.interfaces.empty());
}
