#include "src/control/bgp_settings.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <memory>

namespace vipd {
namespace {

constexpr std::size_t longest_key = 80;  // TCP_MD5SIG_MAXKEYLEN, linux/tcp.h

class File {
public:
    explicit File(const std::string& path)
        : descriptor_(::open(path.c_str(), O_RDONLY | O_CLOEXEC)) {}
    ~File() {
        if (descriptor_ >= 0) ::close(descriptor_);
    }
    File(const File&) = delete;
    File& operator=(const File&) = delete;
    int get() const { return descriptor_; }

private:
    int descriptor_;
};

boost::system::result<std::string, std::string> key_error(const std::string& path,
                                                          const std::string& found) {
    return {boost::system::in_place_error, fmt::format("key file {}: {}", path, found)};
}

boost::system::result<std::string, std::string> read_key(const std::string& path) {
    const File file(path);
    if (file.get() < 0) return key_error(path, std::strerror(errno));
    struct stat status {};
    if (::fstat(file.get(), &status) != 0) return key_error(path, std::strerror(errno));
    if (!S_ISREG(status.st_mode)) return key_error(path, "not a regular file");
    if ((status.st_mode & (S_IRWXO | S_IWGRP)) != 0) {
        return key_error(path, fmt::format("mode {:04o}, accepted is 0640 or stricter",
                                           status.st_mode & 07777U));
    }
    std::array<char, longest_key + 2> buffer{};
    const auto size = ::read(file.get(), buffer.data(), buffer.size());
    if (size < 0) return key_error(path, std::strerror(errno));
    std::string key(buffer.data(), static_cast<std::size_t>(size));
    if (key.ends_with('\n')) key.pop_back();
    if (key.empty() || key.size() > longest_key) {
        return key_error(path, fmt::format("accepted are 1 to {} bytes", longest_key));
    }
    return {boost::system::in_place_value, std::move(key)};
}

bgp::RouteOverrides overrides_of(const PeerConfig& peer, const Config& config) {
    bgp::RouteOverrides overrides;
    overrides.med = peer.med;
    overrides.local_pref = peer.local_pref;
    overrides.prepend = peer.prepend;
    overrides.add_communities = peer.communities;
    overrides.add_large_communities = peer.large_communities;
    if (!peer.vips) return overrides;
    overrides.only.emplace();
    for (const auto& vip : *peer.vips) {
        for (const auto& address : config.vips.at(vip).addresses) {
            overrides.only->insert(bgp::Prefix::host(address));
        }
    }
    return overrides;
}

bgp::PeerSettings settings_of(const std::string& name, const PeerConfig& peer,
                              const Config& config) {
    bgp::PeerSettings settings;
    settings.name = name;
    settings.address = peer.address;
    settings.port = peer.port;
    settings.remote_as = peer.remote_as;
    settings.local_address = peer.local_address;
    settings.passive = peer.passive;
    settings.hold_time = std::chrono::duration_cast<std::chrono::seconds>(peer.hold_time);
    settings.families = peer.families;
    settings.next_hop = peer.next_hop;
    settings.next_hop.insert(config.bgp->next_hop.begin(), config.bgp->next_hop.end());
    settings.ttl_security_hops = peer.ttl_security_hops;
    settings.multihop = peer.multihop;
    settings.max_prefixes = peer.max_prefixes;
    settings.overrides = overrides_of(peer, config);
    if (peer.graceful_restart) {
        settings.graceful_restart =
            std::chrono::duration_cast<std::chrono::seconds>(*peer.graceful_restart);
    }
    return settings;
}

}  // namespace

bgp::SpeakerSettings speaker_settings(const BgpConfig& config) {
    bgp::SpeakerSettings settings;
    settings.local_as = config.local_as;
    settings.router_id = config.router_id;
    settings.listen = config.listen;
    return settings;
}

boost::system::result<std::vector<bgp::PeerSettings>, std::string> peer_settings(
    const Config& config) {
    std::vector<bgp::PeerSettings> peers;
    for (const auto& [name, peer] : config.bgp->peers) {
        auto settings = settings_of(name, peer, config);
        if (peer.password_file) {
            auto key = read_key(*peer.password_file);
            if (!key) {
                return {boost::system::in_place_error,
                        fmt::format("/bgp/peers/{}: {}", name, key.error())};
            }
            settings.password = std::move(*key);
        }
        peers.push_back(std::move(settings));
    }
    return {boost::system::in_place_value, std::move(peers)};
}

}  // namespace vipd
