#include "src/config/host_names.hpp"

#include "src/config/kernel_service.hpp"

#include <algorithm>
#include <utility>

namespace vipd {

namespace {

constexpr std::size_t longest_name = 253;
constexpr std::size_t longest_label = 63;

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

bool is_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

// Underscores are not of host names, but such names exist.
bool is_label(std::string_view text) {
    const auto fits = [](char c) { return is_letter(c) || is_digit(c) || c == '-' || c == '_'; };
    return !text.empty() && text.size() <= longest_label && text.front() != '-' &&
           text.back() != '-' && std::ranges::all_of(text, fits);
}

std::set<Family> families_of(const Config& config, const ServiceConfig& service) {
    std::set<Family> families;
    const auto vip = config.vips.find(service.vip);
    if (vip == config.vips.end()) return families;
    for (const auto& address : vip->second.addresses)
        families.insert(server_family(service, address.family()));
    return families;
}

// Gives the servers of one service their addresses.
class Resolution {
public:
    Resolution(const std::set<Address>& vips, std::set<Family> families,
               const NameAddresses& addresses)
        : vips_(vips), families_(std::move(families)), addresses_(addresses) {}

    void run(ServiceConfig& service) {
        service.servers.merge(std::exchange(service.unresolved, {}));
        for (const auto& [name, server] : service.servers) {
            if (server.host_name) continue;
            for (const auto& address : server.addresses)
                taken_.insert({address, kernel_port(service, server)});
        }
        for (auto server = service.servers.begin(); server != service.servers.end();) {
            const auto next = std::next(server);
            if (server->second.host_name && !resolve(service, server->second))
                service.unresolved.insert(service.servers.extract(server));
            server = next;
        }
    }

private:
    bool resolve(const ServiceConfig& service, ServerConfig& server) {
        server.addresses.clear();
        const auto known = addresses_.find(*server.host_name);
        if (known == addresses_.end()) return false;
        for (const auto& [family, address] : known->second) {
            if (!families_.contains(family) || vips_.contains(address)) continue;
            if (taken_.insert({address, kernel_port(service, server)}).second)
                server.addresses.push_back(address);
        }
        return !server.addresses.empty();
    }

    const std::set<Address>& vips_;
    std::set<Family> families_;
    const NameAddresses& addresses_;
    std::set<Endpoint> taken_;
};

}  // namespace

std::optional<std::string> parse_host_name(std::string_view text) {
    if (text.ends_with('.')) text.remove_suffix(1);
    if (text.size() > longest_name) return std::nullopt;
    std::string_view label;
    for (std::size_t start = 0; start <= text.size(); start += label.size() + 1) {
        label = text.substr(start, text.find('.', start) - start);
        if (!is_label(label)) return std::nullopt;
    }
    if (std::ranges::all_of(label, is_digit)) return std::nullopt;
    std::string name(text);
    for (auto& c : name) {
        if (is_letter(c)) c = static_cast<char>(c | 0x20);
    }
    return name;
}

HostNames host_names(const Config& config) {
    HostNames names;
    for (const auto& [service_name, service] : config.services) {
        const auto families = families_of(config, service);
        for (const auto* servers : {&service.servers, &service.unresolved}) {
            for (const auto& [name, server] : *servers) {
                if (server.host_name)
                    names[*server.host_name].insert(families.begin(), families.end());
            }
        }
    }
    return names;
}

Config with_addresses(Config config, const NameAddresses& addresses) {
    std::set<Address> vips;
    for (const auto& [name, vip] : config.vips)
        vips.insert(vip.addresses.begin(), vip.addresses.end());
    for (auto& [name, service] : config.services)
        Resolution(vips, families_of(config, service), addresses).run(service);
    return config;
}

}  // namespace vipd
