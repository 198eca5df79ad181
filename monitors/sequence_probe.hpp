#pragma once
// Several probes of one server, one after the other, within one deadline: enough of them must do
// well.

#include "monitors/probe.hpp"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace vipd::monitors {

class SequenceProbe final : public Probe {
public:
    using Make = std::function<std::unique_ptr<Probe>(std::size_t)>;

    /// One probe for each of `names`, made by number; `required` of them must succeed. `names` must
    /// outlive this object.
    SequenceProbe(const std::vector<std::string>& names, std::size_t required, Make make);

    Step start(const ProbeContext& context, TimePoint now) override;
    Step ready(const ProbeContext& context, std::uint32_t events, TimePoint now) override;
    Step expired(const ProbeContext& context, TimePoint now) override;
    /// Goes from one probe to the next, too.
    void reuse(std::unique_ptr<StreamConnection> connection) override {
        kept_ = std::move(connection);
    }
    std::unique_ptr<StreamConnection> take_connection() override {
        return probe_->take_connection();
    }
    /// Those of the last one that was begun.
    Phases phases() const override { return probe_ ? probe_->phases() : Phases{}; }

private:
    Step go_on(const ProbeContext& context, Step step, TimePoint now);
    Step verdict() const;
    Step start_next(const ProbeContext& context, TimePoint now);

    const std::vector<std::string>& names_;
    std::size_t required_;
    Make make_;
    std::unique_ptr<Probe> probe_;
    std::unique_ptr<StreamConnection> kept_;
    std::size_t current_ = 0;
    std::size_t succeeded_ = 0;
    Reason first_failure_;
};

}  // namespace vipd::monitors
