#pragma once
// Lines of the Prometheus text format: families, samples, escaped labels.

#include <fmt/format.h>

#include <concepts>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

namespace vipd {

class MetricsWriter {
public:
    using Labels = std::initializer_list<std::pair<std::string_view, std::string_view>>;

    /// Starts a metric family; its samples follow. `type` is "gauge", "counter" or "histogram".
    void family(std::string_view name, std::string_view type, std::string_view help);

    template <class Number>
    void sample(Labels labels, Number number) {
        sample("", labels, number);
    }

    /// With a suffix to the family's name, as histograms have.
    template <class Number>
    void sample(std::string_view suffix, Labels labels, Number number) {
        name_and_labels(suffix, labels);
        if constexpr (std::same_as<Number, bool>) {
            out_ += number ? '1' : '0';
        } else {
            fmt::format_to(std::back_inserter(out_), "{}", number);
        }
        out_ += '\n';
    }

    std::string take() { return std::move(out_); }

private:
    void name_and_labels(std::string_view suffix, Labels labels);

    std::string out_;
    std::string family_;
};

}  // namespace vipd
