#include "src/status/command_json.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

using namespace vipd;

namespace {

const Caller caller{1000, 4711};

Command read(const std::string& verb, const std::string& body) {
    auto command = read_command(verb, body, caller);
    if (!command) throw std::runtime_error(command.error().text);
    return *command;
}

std::string refusal(const std::string& verb, const std::string& body) {
    const auto command = read_command(verb, body, caller);
    return command ? "accepted" : command.error().text;
}

}  // namespace

TEST_CASE("a drain names server, service, force and its end") {
    const auto command = read(
        "drain",
        R"({"server":"cp1","service":"text","force":true,"ttl_seconds":1800,"who":"jo","why":"disk"})");
    SetAdmin action;
    action.service = "text";
    action.server = "cp1";
    action.state = Admin::draining;
    action.force = true;
    action.ttl = std::chrono::minutes(30);
    CHECK(std::get<SetAdmin>(command.action) == action);
    CHECK(command.caller == caller);
    CHECK(command.who == "jo");
    CHECK(command.why == "disk");
}

TEST_CASE("enable, disable and reset differ in the state that they ask for") {
    const std::string body = R"({"server":"cp1"})";
    CHECK(std::get<SetAdmin>(read("enable", body).action).state == Admin::enabled);
    CHECK(std::get<SetAdmin>(read("disable", body).action).state == Admin::disabled);
    CHECK(std::get<SetAdmin>(read("reset", body).action).state == std::nullopt);
}

TEST_CASE("maintenance, reload and restart need no more than their flags") {
    CHECK(std::get<Maintenance>(read("maintenance", R"({"on":true,"vip":"text"})").action).vip ==
          "text");
    CHECK_FALSE(std::get<Maintenance>(read("maintenance", "").action).on);
    CHECK(std::get<Reload>(read("reload", R"({"allow_shrink":true})").action).allow_shrink);
    CHECK_FALSE(std::get<Reload>(read("reload", "{}").action).allow_shrink);
    CHECK(std::holds_alternative<Restart>(read("restart", "").action));
    CHECK(std::get<SetLogLevel>(read("log", R"({"level":"warning"})").action).level ==
          LogLevel::warning);
}

TEST_CASE("a command that cannot be read is refused with what is accepted") {
    CHECK(refusal("drain", "") == "\"server\" is required");
    CHECK(refusal("drain", R"({"server":""})") == "\"server\" is required");
    CHECK(refusal("drain", R"({"server":7})") == "\"server\" must be a string");
    CHECK(refusal("drain", R"({"server":"a","force":"yes"})") == "\"force\" must be true or false");
    CHECK(refusal("drain", R"({"server":"a","focre":true})") ==
          "\"focre\" is not known here; known are service, server, force, ttl_seconds, who, why");
    CHECK(refusal("drain", "[]") == "the body must be a JSON object");
    CHECK(refusal("drain", "{") == "the body must be a JSON object");
    for (const auto* ttl : {"0", "-5", "1.5", "\"5m\"", "99999999999", "18446744073709551615"}) {
        CHECK(refusal("drain", std::string(R"({"server":"a","ttl_seconds":)") + ttl + "}") ==
              "\"ttl_seconds\" must be a whole number of seconds, from 1 to a year");
    }
    for (const auto* body : {"{}", R"({"level":"verbose"})", R"({"level":""})"})
        CHECK(refusal("log", body) == "\"level\" must be one of debug, info, warning, error");
    CHECK(refusal("reload", R"({"why":")" + std::string(257, 'x') + "\"}") ==
          "\"why\" must be at most 256 bytes");
}

TEST_CASE("a result says the same in HTTP status, exit code and words") {
    const auto response =
        command_response({Outcome::refused, "2 of 4 up, the floor is 2", R"({"up":2})"});
    CHECK(response.status == 409);
    const auto body = nlohmann::json::parse(*response.body);
    CHECK(body["exit_code"] == 3);
    CHECK(body["outcome"] == "refused");
    CHECK(body["details"]["up"] == 2);
    CHECK(command_response({Outcome::done, "", ""}).status == 200);
    CHECK(command_response({Outcome::failed, "", ""}).status == 500);
    CHECK(command_response({Outcome::usage, "", ""}).status == 400);
    CHECK(command_response({Outcome::timeout, "", ""}).status == 504);
}
