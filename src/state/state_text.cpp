#include "src/state/state_text.hpp"

#include "src/base/json_writer.hpp"
#include "src/base/overloaded.hpp"
#include "src/config/object_reader.hpp"

#include <boost/crc.hpp>
#include <fmt/core.h>

namespace vipd {

namespace {

using Kind = JsonValue::Kind;
using std::chrono::milliseconds;

constexpr std::uint64_t last_number = UINT64_MAX;

std::string checksum(std::string_view text) {
    boost::crc_32_type crc;
    crc.process_bytes(text.data(), text.size());
    return fmt::format("{:08x}", crc.checksum());
}

// Texts of foreign files may hold bytes that are no UTF-8 (in comments): JsonWriter replaces them.
std::string framed(std::string_view kind, JsonWriter content) {
    const auto body = content.take();
    JsonWriter header;
    header.begin_object();
    header.member("kind", kind);
    header.member("version", state_version);
    header.member("bytes", body.size());
    header.member("crc32", checksum(body));
    header.end_object();
    return header.take() + "\n" + body + "\n";
}

StateProblem damaged(std::string text) {
    return {.reason = {.code = "state-damaged", .text = std::move(text)}};
}

// What stands in the header line. A header that cannot be read has version 0.
struct Header {
    std::string kind;
    std::uint64_t version = 0;
    std::uint64_t bytes = 0;
    std::string crc32;
};

Header read_header(std::string_view line) {
    Header header;
    const auto reading = read_json(line);
    if (!reading.complete) return header;
    Problems problems;
    ObjectReader reader(reading.root, {}, problems);
    reader.text("kind", header.kind);
    reader.integer("version", header.version, 0, last_number);
    reader.integer("bytes", header.bytes, 0, last_number);
    reader.text("crc32", header.crc32);
    return header;
}

// The content's text, if the frame around it is whole.
boost::system::result<std::string_view, StateProblem> unframed(std::string_view kind,
                                                               std::string_view text) {
    const auto end = text.find('\n');
    if (end == std::string_view::npos) return damaged("its first line is cut");
    const auto header = read_header(text.substr(0, end));
    if (header.kind != kind || header.version == 0)
        return damaged("its first line is not that of a vipd state file");
    if (header.version > state_version) {
        return StateProblem{
            .reason = {.code = "state-newer",
                       .text = fmt::format("it has version {}, and this vipd knows version {}",
                                           header.version, state_version)}};
    }
    const auto rest = text.substr(end + 1);
    if (rest.size() != header.bytes + 1 || rest.back() != '\n') {
        return damaged(fmt::format("it should have {} bytes after its first line and has {}",
                                   header.bytes + 1, rest.size()));
    }
    const auto body = rest.substr(0, rest.size() - 1);
    if (checksum(body) != header.crc32) return damaged("its checksum does not match");
    return body;
}

// --- values to JSON ---

std::int64_t as_number(WallTime time) {
    return std::chrono::duration_cast<milliseconds>(time.time_since_epoch()).count();
}

std::optional<std::int64_t> as_number(const std::optional<WallTime>& time) {
    if (!time) return std::nullopt;
    return as_number(*time);
}

template <class T>
void member_if(JsonWriter& json, std::string_view name, const std::optional<T>& content) {
    if (content) json.member(name, *content);
}

void write(JsonWriter& json, const std::string& text) {
    json.value(text);
}

void write(JsonWriter& json, WallTime time) {
    json.value(as_number(time));
}

void write(JsonWriter& json, const Address& address) {
    json.value(address.to_string());
}

void write(JsonWriter& json, monitors::Health health) {
    json.value(monitors::to_string(health));
}

void write(JsonWriter& json, const SavedOverride& saved) {
    json.begin_object();
    json.member("state", to_string(saved.state));
    json.member("who", saved.who);
    json.member("why", saved.why);
    json.member("since", as_number(saved.since));
    member_if(json, "until", as_number(saved.until));
    json.end_object();
}

void write(JsonWriter& json, const SavedName& saved) {
    json.begin_object();
    json.member("good_at", as_number(saved.good_at));
    for (const auto& [family, address] : saved.addresses)
        json.member(to_string(family), address.to_string());
    json.end_object();
}

void write(JsonWriter& json, const ipvs::ServiceKey& key) {
    json.begin_object();
    std::visit(overloaded{[&](const ipvs::VirtualEndpoint& endpoint) {
                              const bool tcp = endpoint.protocol == ipvs::Protocol::tcp;
                              json.member("protocol", tcp ? "tcp" : "udp");
                              json.member("address", endpoint.endpoint.address.to_string());
                              json.member("port", endpoint.endpoint.port);
                          },
                          [&](const ipvs::FirewallMark& mark) {
                              json.member("fwmark", mark.mark);
                              json.member("family", to_string(mark.family));
                          }},
               key);
    json.end_object();
}

void write(JsonWriter& json, const ipvs::VipAddress& vip) {
    json.begin_object();
    json.member("interface", vip.interface);
    json.member("address", vip.address.to_string());
    json.end_object();
}

template <class Range>
void write_array(JsonWriter& json, std::string_view name, const Range& range) {
    json.key(name);
    json.begin_array();
    for (const auto& element : range)
        write(json, element);
    json.end_array();
}

void write(JsonWriter& json, const SavedServer& saved) {
    json.begin_object();
    json.member("health", monitors::to_string(saved.health));
    if (!saved.monitors.empty()) write_array(json, "monitors", saved.monitors);
    member_if(json, "since", as_number(saved.since));
    member_if(json, "went_down", as_number(saved.went_down));
    json.end_object();
}

std::string_view as_key(const std::string& text) {
    return text;
}

std::string_view as_key(Family family) {
    return to_string(family);
}

/// {"first": {"second": …}} of a map whose keys are pairs: equal first ones stand side by side.
template <class Map>
void write_nested(JsonWriter& json, const Map& map) {
    json.begin_object();
    const std::string* first = nullptr;
    for (const auto& [key, value] : map) {
        if (first == nullptr || *first != key.first) {
            if (first != nullptr) json.end_object();
            first = &key.first;
            json.key(*first);
            json.begin_object();
        }
        json.key(as_key(key.second));
        write(json, value);
    }
    if (first != nullptr) json.end_object();
    json.end_object();
}

void write(JsonWriter& json, const std::shared_ptr<const SavedService>& service) {
    write_nested(json, *service);
}

template <class Map>
void write_object(JsonWriter& json, std::string_view name, const Map& map) {
    json.key(name);
    json.begin_object();
    for (const auto& [key, value] : map) {
        json.key(key);
        write(json, value);
    }
    json.end_object();
}

// --- JSON to values ---

const std::vector<std::pair<std::string, Family>> family_names{{"ipv4", Family::ipv4},
                                                               {"ipv6", Family::ipv6}};
const std::vector<std::pair<std::string, monitors::Health>> health_names{
    {"unknown", monitors::Health::unknown},
    {"up", monitors::Health::up},
    {"down", monitors::Health::down}};

std::optional<WallTime> time_of(const JsonValue& value) {
    constexpr std::uint64_t latest = 253402300799999;  // year 9999: what system_clock can hold
    const auto count = ObjectReader::whole_number(value, 0, latest);
    if (!count) return std::nullopt;
    return WallTime(milliseconds(static_cast<std::int64_t>(*count)));
}

template <class T>
void read_time(ObjectReader& reader, std::string_view key, T& into) {
    reader.read(key, into, "milliseconds since 1970", time_of);
}

// Any text, the empty one too.
void read_string(ObjectReader& reader, std::string_view key, std::string& into) {
    reader.read(key, into, "text", [](const JsonValue& value) {
        return value.is(Kind::string) ? std::optional(value.text) : std::nullopt;
    });
}

// Calls visit(key, value, pointer) for each member of an object.
template <class Visit>
void each_member(ObjectReader& reader, std::string_view key, Visit visit) {
    const auto* value = reader.find(key);
    if (value == nullptr) return;
    if (!value->is(Kind::object)) reader.reject(key, *value, "an object");
    for (const auto& member : value->members) {
        visit(member.key, member.value, pointer_to(pointer_to(reader.pointer(), key), member.key));
    }
}

template <class Visit>
void each_element(ObjectReader& reader, std::string_view key, Visit visit) {
    reader.elements(
        key, 0, json_max_values, "an array",
        [&](const JsonValue& value, std::string pointer) { visit(value, std::move(pointer)); });
}

SavedOverride read_override(const JsonValue& value, std::string pointer, Problems& problems) {
    ObjectReader reader(value, std::move(pointer), problems);
    SavedOverride saved;
    reader.choice("state", saved.state,
                  {{"enabled", Admin::enabled},
                   {"draining", Admin::draining},
                   {"disabled", Admin::disabled}});
    read_string(reader, "who", saved.who);
    read_string(reader, "why", saved.why);
    read_time(reader, "since", saved.since);
    read_time(reader, "until", saved.until);
    return saved;
}

SavedServer read_server(const JsonValue& value, std::string pointer, Problems& problems) {
    ObjectReader reader(value, std::move(pointer), problems);
    SavedServer saved;
    reader.choice("health", saved.health, health_names);
    each_element(reader, "monitors", [&](const JsonValue& element, std::string at) {
        for (const auto& [name, health] : health_names) {
            if (element.is(Kind::string) && element.text == name)
                return saved.monitors.push_back(health);
        }
        problems.add(element.position, std::move(at), element.summary(), "unknown, up or down");
    });
    read_time(reader, "since", saved.since);
    read_time(reader, "went_down", saved.went_down);
    return saved;
}

// {"server": {"ipv4": {...}, "ipv6": {...}}}
std::shared_ptr<const SavedService> read_service(const JsonValue& value, const std::string& pointer,
                                                 Problems& problems) {
    auto service = std::make_shared<SavedService>();
    for (const auto& server : value.members) {
        const auto at = pointer_to(pointer, server.key);
        ObjectReader reader(server.value, at, problems);
        for (const auto& [name, family] : family_names) {
            const auto* saved = reader.find(name);
            if (saved == nullptr) continue;
            service->emplace(std::pair(server.key, family),
                             read_server(*saved, pointer_to(at, name), problems));
        }
    }
    return service;
}

std::optional<ipvs::ServiceKey> read_key(ObjectReader& reader) {
    if (reader.has("fwmark")) {
        ipvs::FirewallMark mark;
        reader.integer("fwmark", mark.mark, 1, UINT32_MAX);
        reader.choice("family", mark.family, family_names);
        return mark;
    }
    std::optional<Address> address;
    ipvs::VirtualEndpoint endpoint;
    reader.require("address", "an address");
    reader.address("address", address);
    reader.choice("protocol", endpoint.protocol,
                  {{"tcp", ipvs::Protocol::tcp}, {"udp", ipvs::Protocol::udp}});
    reader.integer("port", endpoint.endpoint.port, 0, 65535);
    if (!address) return std::nullopt;
    endpoint.endpoint.address = *address;
    return endpoint;
}

void read_owned(ObjectReader& reader, State& state) {
    each_element(reader, "owned_services", [&](const JsonValue& value, std::string pointer) {
        ObjectReader entry(value, std::move(pointer), reader.problems());
        if (const auto key = read_key(entry)) state.owned_services.insert(*key);
    });
    each_element(reader, "owned_addresses", [&](const JsonValue& value, std::string pointer) {
        ObjectReader entry(value, std::move(pointer), reader.problems());
        ipvs::VipAddress vip;
        entry.require("address", "an address");
        read_string(entry, "interface", vip.interface);
        entry.address("address", vip.address);
        state.owned_addresses.insert(vip);
    });
}

void read_operators_words(ObjectReader& reader, State& state) {
    each_member(
        reader, "overrides",
        [&](const std::string& service, const JsonValue& servers, const std::string& at) {
            for (const auto& server : servers.members) {
                state.overrides.emplace(
                    std::pair(service, server.key),
                    read_override(server.value, pointer_to(at, server.key), reader.problems()));
            }
        });
    each_member(
        reader, "maintenance", [&](const std::string& vip, const JsonValue& value, std::string at) {
            state.maintenance.emplace(vip, read_override(value, std::move(at), reader.problems()));
        });
}

void read_announced(ObjectReader& reader, State& state) {
    each_element(reader, "announced", [&](const JsonValue& value, std::string pointer) {
        if (const auto address = ObjectReader::address_of(value)) {
            state.announced.insert(*address);
        } else {
            reader.problems().add(value.position, std::move(pointer), value.summary(),
                                  "an address");
        }
    });
}

void read_times(ObjectReader& reader, std::string_view key, std::vector<WallTime>& into) {
    each_element(reader, key, [&](const JsonValue& value, std::string pointer) {
        if (const auto time = time_of(value)) {
            into.push_back(*time);
        } else {
            reader.problems().add(value.position, std::move(pointer), value.summary(),
                                  "milliseconds since 1970");
        }
    });
}

void read_lists(ObjectReader& reader, State& state) {
    each_member(reader, "lists",
                [&](const std::string& path, const JsonValue& value, std::string pointer) {
                    if (const auto time = time_of(value)) {
                        state.lists.emplace(path, *time);
                    } else {
                        reader.problems().add(value.position, std::move(pointer), value.summary(),
                                              "milliseconds since 1970");
                    }
                });
}

SavedName read_name(const JsonValue& value, std::string pointer, Problems& problems) {
    ObjectReader reader(value, std::move(pointer), problems);
    SavedName saved;
    read_time(reader, "good_at", saved.good_at);
    for (const auto& [name, family] : family_names) {
        std::optional<Address> address;
        reader.address(name, address);
        if (address && address->family() == family) saved.addresses.emplace(family, *address);
    }
    return saved;
}

State read_content(ObjectReader& reader) {
    State state;
    read_string(reader, "boot_id", state.boot_id);
    read_time(reader, "saved_at", state.saved_at);
    reader.boolean("running", state.running);
    read_times(reader, "unclean_starts", state.unclean_starts);
    read_owned(reader, state);
    read_operators_words(reader, state);
    each_member(reader, "services",
                [&](const std::string& name, const JsonValue& value, const std::string& at) {
                    state.services.emplace(name, read_service(value, at, reader.problems()));
                });
    read_announced(reader, state);
    read_lists(reader, state);
    each_member(reader, "names",
                [&](const std::string& name, const JsonValue& value, std::string at) {
                    state.names.emplace(name, read_name(value, std::move(at), reader.problems()));
                });
    return state;
}

AcceptedConfig read_accepted(ObjectReader& reader) {
    AcceptedConfig accepted;
    read_string(reader, "file", accepted.file);
    read_string(reader, "node", accepted.node);
    each_member(
        reader, "texts", [&](const std::string& path, const JsonValue& value, std::string pointer) {
            if (value.is(Kind::string)) {
                accepted.texts.emplace(path, value.text);
            } else {
                reader.problems().add(value.position, std::move(pointer), value.summary(), "text");
            }
        });
    return accepted;
}

// Unframes, parses, and lets `read` make the value; the first problem is the reason if there is
// one.
template <class T>
boost::system::result<T, StateProblem> read_as(std::string_view kind, std::string_view text,
                                               T (*read)(ObjectReader&)) {
    const auto body = unframed(kind, text);
    if (!body) return body.error();
    const auto json_reading = read_json(*body);
    if (!json_reading.problems.empty()) return damaged("its content is no JSON");
    Problems problems;
    ObjectReader reader(json_reading.root, {}, problems);
    auto value = read(reader);
    if (problems.count() > 0) {
        const auto found =
            std::move(problems).finish({{.name = "content", .lines = LineIndex(*body)}});
        return damaged(found.front().to_string());
    }
    return value;
}

}  // namespace

std::string to_text(const State& state) {
    JsonWriter json;
    json.begin_object();
    json.member("boot_id", state.boot_id);
    json.member("saved_at", as_number(state.saved_at));
    json.member("running", state.running);
    write_array(json, "unclean_starts", state.unclean_starts);
    write_array(json, "owned_services", state.owned_services);
    write_array(json, "owned_addresses", state.owned_addresses);
    json.key("overrides");
    write_nested(json, state.overrides);
    write_object(json, "maintenance", state.maintenance);
    write_object(json, "services", state.services);
    write_array(json, "announced", state.announced);
    write_object(json, "lists", state.lists);
    write_object(json, "names", state.names);
    json.end_object();
    return framed("vipd-state", std::move(json));
}

boost::system::result<State, StateProblem> read_state(std::string_view text) {
    return read_as<State>("vipd-state", text, read_content);
}

std::string to_text(const AcceptedConfig& accepted) {
    JsonWriter json;
    json.begin_object();
    json.member("file", accepted.file);
    json.member("node", accepted.node);
    write_object(json, "texts", accepted.texts);
    json.end_object();
    return framed("vipd-accepted-config", std::move(json));
}

boost::system::result<AcceptedConfig, StateProblem> read_accepted_config(std::string_view text) {
    return read_as<AcceptedConfig>("vipd-accepted-config", text, read_accepted);
}

}  // namespace vipd
