#pragma once
// Reading the daemon's JSON without ever failing: what is missing or of another type reads as "-",
// false or null.

#include <nlohmann/json.hpp>

#include <string>

namespace vipd {

const nlohmann::json& at(const nlohmann::json& object, const char* name);
std::string text(const nlohmann::json& value);
std::string text(const nlohmann::json& object, const char* name);
bool holds(const nlohmann::json& object, const char* name);
/// What a service listens on: "tcp/443", "mark 7".
std::string port_text(const nlohmann::json& service);
/// The sentence of a reason.
std::string reason(const nlohmann::json& object, const char* name);

}  // namespace vipd
