#pragma once
// Commands as JSON: what vipctl posts, and what it is answered.

#include "src/status/command.hpp"
#include "src/status/http_message.hpp"

#include <boost/system/result.hpp>

#include <string>

namespace vipd {

struct BadCommand {
    std::string text;  // what was found, what is accepted
};

/// `verb` is one of drain, enable, disable, reset, maintenance, reload, restart, log; `body` a JSON
/// object, or empty where nothing is required. Unknown keys are refused: a misspelt "force" must
/// not be lost.
boost::system::result<Command, BadCommand> read_command(const std::string& verb,
                                                        const std::string& body,
                                                        const Caller& caller);

/// {"outcome": "refused", "exit_code": 3, "message": …, "details": …} with the HTTP status that
/// fits.
HttpResponse command_response(const CommandResult& result);

/// The answer to somebody who only asked: the details alone, or why there are none.
HttpResponse inquiry_response(const CommandResult& result);

}  // namespace vipd
