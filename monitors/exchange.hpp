#pragma once
// The conversation of tcp and tls monitors: things to say, answers to wait for, in turn. Sans-I/O.

#include "monitors/check.hpp"
#include "monitors/dialogue.hpp"

#include <string>
#include <vector>

namespace vipd::monitors {

class ExchangeDialogue final : public Dialogue {
public:
    /// `exchanges` must outlive this object.
    explicit ExchangeDialogue(const std::vector<Exchange>& exchanges) : exchanges_(exchanges) {}

    std::optional<Finding> begin() override { return go_on(); }
    std::optional<Finding> receive(std::string_view bytes) override;
    std::optional<Finding> end() override;
    std::string take_output() override;

private:
    std::optional<Finding> go_on();
    std::optional<Finding> judge(std::size_t seen);

    const std::vector<Exchange>& exchanges_;
    std::size_t current_ = 0;
    std::string output_;
    std::string answer_;  // to the current exchange
};

}  // namespace vipd::monitors
