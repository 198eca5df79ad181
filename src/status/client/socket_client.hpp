#pragma once
// vipctl's side of the Unix socket: one request, one answer, bounded by a deadline. Blocking.

#include "src/base/time.hpp"

#include <boost/system/result.hpp>

#include <functional>
#include <string>
#include <string_view>

namespace vipd {

struct Reply {
    unsigned status = 0;
    std::string body;
};

/// Why there was no answer: a sentence for the operator.
struct NoReply {
    bool timed_out = false;
    std::string text;
};

class SocketClient {
public:
    explicit SocketClient(std::string path) : path_(std::move(path)) {}

    /// `method` is "GET" or "POST"; a body is JSON. An HTTP error status is a Reply, not an error.
    boost::system::result<Reply, NoReply> ask(const std::string& method, const std::string& target,
                                              const std::string& body, Duration timeout) const;

    /// Reads server-sent events until the daemon closes or is silent for 40 s (it sends a heartbeat
    /// every 15 s); every piece goes to `take`. Returns why it ended.
    NoReply follow(const std::string& target,
                   const std::function<void(std::string_view)>& take) const;

private:
    std::string path_;
};

}  // namespace vipd
