#pragma once
// Adj-RIB-Out of one peer (RFC 4271 §3.2): what it shall be told, what it has been told, and the
// UPDATEs that make the second into the first. Changes that cancel out are never sent; what is left
// goes out packed by attributes, withdrawals first.

#include "bgp/attribute.hpp"
#include "bgp/attribute_pool.hpp"
#include "bgp/bytes.hpp"
#include "bgp/peer_status.hpp"
#include "bgp/types.hpp"

#include <array>
#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <vector>

namespace vipd::bgp {

/// How routes are written to the peer of one session.
struct ExportContext {
    UpdateContext update;
    /// Of each family that can be sent; routes of the others stay unsent.
    std::map<Family, Address> next_hop;

    bool operator==(const ExportContext&) const = default;
};

/// One UPDATE to send and what the peer knows once it has it.
struct OutgoingUpdate {
    Bytes bytes;
    std::vector<Prefix> advertised;
    std::vector<Prefix> withdrawn;
    std::optional<Family> end_of_rib;
};

class AdjRibOut {
public:
    /// Nothing: it shall not be advertised. Attributes that fit in no message are as good as
    /// nothing.
    void want(const Prefix& prefix, const std::optional<RouteAttributes>& attributes);
    void want(const Prefix& prefix, const RouteAttributes& attributes);

    /// A session is there; the peer knows nothing yet.
    void open(ExportContext context);
    /// Other next hops on the same session: everything they change is sent again.
    void change(ExportContext context);
    void close();
    /// RFC 2918: all routes of the family go out again. Asked many times before the next message is
    /// made, it is done once: a peer that asks all the time costs no more than one that reads.
    void refresh(Family family);
    /// RFC 4724 §4.1: an End-of-RIB marker follows when nothing of the family is left to send.
    void request_end_of_rib(Family family);

    bool has_update() const;
    /// The next message; nothing when the peer has been told all it shall know.
    std::optional<OutgoingUpdate> next_update();

    FamilyCounts counts(Family family) const;
    /// Wanted routes whose attributes fit in no message.
    std::size_t oversized() const { return oversized_.size(); }

private:
    struct Entry {
        AttributePool::Id wanted = AttributePool::none;
        AttributePool::Id advertised = AttributePool::none;
        bool resend = false;  // to be advertised again, changed or not
    };
    using Entries = std::map<Prefix, Entry>;
    /// Sorted as it is sent: withdrawals, then one attribute set after the other, each by family.
    struct Pending {
        AttributePool::Id attributes = AttributePool::none;
        Entries::iterator entry;
        bool operator<(const Pending& other) const {
            if (attributes != other.attributes) return attributes < other.attributes;
            return entry->first < other.entry->first;
        }
    };
    struct Counts {
        std::size_t wanted = 0;
        std::size_t advertised = 0;
        std::size_t pending = 0;
    };

    void unwant(const Prefix& prefix);
    bool sendable(Family family) const { return open_ && context_.next_hop.contains(family); }
    Counts& counts_of(Family family) { return counts_[static_cast<std::size_t>(family)]; }
    void set_wanted(Entries::iterator entry, AttributePool::Id id);
    void set_advertised(Entries::iterator entry, AttributePool::Id id);
    void add_pending(Entries::iterator entry);
    void remove_pending(Entries::iterator entry);
    /// The prefixes at the front of what is pending, of one attribute set and family, that fit into
    /// `room` bytes.
    std::vector<Prefix> take_front(std::size_t room);
    void carry_out_refresh();
    OutgoingUpdate withdrawal(Family family);
    OutgoingUpdate announcement(AttributePool::Id id, Family family);
    std::optional<OutgoingUpdate> end_of_rib();

    bool open_ = false;
    ExportContext context_;
    AttributePool pool_;
    Entries entries_;
    std::set<Pending> pending_;
    std::set<Prefix> oversized_;
    std::set<Family> refresh_;
    std::set<Family> end_of_rib_;
    std::array<Counts, 2> counts_;
};

}  // namespace vipd::bgp
