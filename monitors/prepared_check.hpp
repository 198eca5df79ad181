#pragma once
// A check with everything that its probes share made once: requests, expressions, TLS. Immutable.

#include "monitors/check.hpp"
#include "monitors/http.hpp"
#include "monitors/probe.hpp"
#include "monitors/tls_context.hpp"

#include <memory>
#include <optional>

namespace vipd::monitors {

class PreparedCheck {
public:
    /// Reads the files that the check names.
    explicit PreparedCheck(Check check);
    PreparedCheck(const PreparedCheck&) = delete;
    PreparedCheck& operator=(const PreparedCheck&) = delete;

    const Check& check() const { return check_; }

    /// Why no probe can be made, if so: a file that cannot be used. About us, not about a server.
    const std::optional<Reason>& problem() const { return problem_; }

    /// One run of `plan`, whose check is equal to this one. Both must outlive it. Not with a
    /// problem.
    std::unique_ptr<Probe> make_probe(const ProbePlan& plan) const;

private:
    void prepare_tls(const TlsOptions& options);
    std::unique_ptr<Probe> make_http_probe(const ProbePlan& plan) const;

    const Check check_;
    std::optional<HttpRules> http_;
    std::unique_ptr<const TlsContext> tls_;
    std::optional<Reason> problem_;
};

}  // namespace vipd::monitors
