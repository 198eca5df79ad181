#pragma once
// Host names of servers and what is known of them: what is asked next and when, and which answers
// are in use. Pure: answers and time come in, questions and a deadline go out. Whether an answer
// that changes an address is used is the controller's decision.

#include "src/base/address.hpp"
#include "src/base/time.hpp"
#include "src/config/host_names.hpp"
#include "src/control/deadlines.hpp"

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace vipd {

/// What the DNS says of a name in one family.
struct FamilyAnswer {
    enum class Kind {
        addresses,
        none,  // it says that there is none: NXDOMAIN, or no record of that type
        failed,  // it says nothing: timeout, SERVFAIL, …
    };
    Kind kind = Kind::failed;
    std::vector<Address> addresses;
    /// The shortest on the way to the addresses, CNAMEs included.
    std::chrono::seconds ttl{0};
    /// Why there are none, in words.
    std::string text;
};

struct NameQuestion {
    std::string name;
    std::set<Family> families;

    bool operator==(const NameQuestion&) const = default;
};

struct NameAnswer {
    std::string name;
    std::map<Family, FamilyAnswer> families;
};

using FamilyAddresses = std::map<Family, Address>;

/// An answer that would change something.
struct Proposal {
    FamilyAddresses addresses;
    std::chrono::seconds ttl{0};
    /// One family could not be asked; what was known of it is part of the proposal.
    std::optional<std::string> problem;
};

struct HostName {
    std::set<Family> families;
    /// In use.
    FamilyAddresses addresses;
    std::optional<Proposal> proposal;
    /// When an answer last said what is in use.
    std::optional<TimePoint> good_at;
    /// Why the newest answer is not what is in use.
    std::optional<std::string> problem;
    /// Since this process began.
    bool answered = false;
    unsigned failures = 0;
    /// The configuration names it.
    bool used = false;
    /// As long as somebody who is about to change the configuration asks for it.
    std::optional<TimePoint> wanted_until;
};

class NameTable {
public:
    /// `seed` spreads what would otherwise be asked at the same time, here and on other hosts.
    explicit NameTable(std::size_t seed) : seed_(seed) {}

    /// The names of the configuration from now on; what nobody wants any more is forgotten.
    void use(const HostNames& names, TimePoint now);
    /// Those of a configuration that may come; asked for during an hour.
    void look_up(const HostNames& names, TimePoint now);
    /// What an earlier run knew of a name, if it is wanted; asked for again at once.
    void restore(const std::string& name, const FamilyAddresses& addresses, TimePoint good_at);

    /// What is to be asked now; each is due again once it is answered.
    std::vector<NameQuestion> take_due(TimePoint now);
    std::optional<TimePoint> deadline() const { return due_.earliest(); }

    /// `usable`: a server may have this address. Answers to what nobody wants any more are ignored.
    void take(const NameAnswer& answer, const std::function<bool(const Address&)>& usable,
              TimePoint now);

    /// Names with a new proposal; each is to be accepted or refused.
    const std::set<std::string>& fresh() const { return fresh_; }
    void accept(const std::string& name, TimePoint now);
    void refuse(const std::string& name, std::string why, TimePoint now);
    /// Those that were refused are to be decided about once more.
    void propose_again();

    const std::map<std::string, HostName>& all() const { return names_; }
    std::optional<TimePoint> due(const std::string& name) const;
    NameAddresses addresses() const;
    /// All of them are known here, asked or not.
    bool contains(const HostNames& names) const;
    /// There is an address, or an answer that says why not.
    bool is_settled(const std::string& name) const;

private:
    HostName& wanted(const std::string& name, const std::set<Family>& families, TimePoint now);
    void conclude(const std::string& name, HostName& entry, const Proposal& answer, TimePoint now);
    void fail(const std::string& name, HostName& entry, std::string why, TimePoint now);
    void forget_unwanted(TimePoint now);
    std::size_t spread(const std::string& name, std::size_t salt) const;

    std::size_t seed_;
    std::map<std::string, HostName> names_;
    Deadlines<std::string> due_;
    std::set<std::string> fresh_;
};

}  // namespace vipd
