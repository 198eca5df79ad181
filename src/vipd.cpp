// vipd: checks real servers, drives the kernel's IPVS table, announces VIPs over BGP. Options, log,
// run.

#include "src/base/thread_priority.hpp"
#include "src/config/read_config.hpp"
#include "src/control/daemon.hpp"
#include "src/control/log.hpp"
#include "src/control/saved_state.hpp"

#include <CLI/CLI.hpp>
#include <sys/resource.h>

#include <cstdio>
#include <exception>
#include <iostream>

namespace {

constexpr int exit_failure = 1;
constexpr int exit_usage = 2;

struct Options {
    std::string config_file;
    std::string check_file;
    bool observe = false;
};

int report(const vipd::ConfigReading& reading) {
    for (const auto& problem : reading.problems)
        std::cerr << problem.to_string() << '\n';
    std::cerr << reading.problems.size()
              << (reading.problems.size() == 1 ? " problem\n" : " problems\n");
    return exit_usage;
}

int check(const std::string& file) {
    const auto reading = vipd::read_config_file(file);
    for (const auto& warning : reading.warnings)
        std::cerr << "warning: " << warning.to_string() << '\n';
    if (!reading.ok()) return report(reading);
    std::cout << file << ": ok, " << reading.config.vips.size() << " VIPs, "
              << reading.config.services.size() << " services\n";
    return 0;
}

/// Every probe and every client takes a descriptor: the default soft limit of 1,024 is for programs
/// that use select().
void raise_open_files() {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &limit);
}

/// A file with problems can still be saved by the lists of an earlier run, unless it could not even
/// be read.
bool may_have_accepted(const vipd::ConfigReading& reading) {
    return reading.ok() || !reading.config.services.empty() || !reading.config.vips.empty();
}

/// Where state is kept is said in the configuration; how to judge it, in the state.
int run(const Options& options) {
    const auto first = vipd::read_config_file(options.config_file);
    vipd::Log log(vipd::log_form_of_stderr());
    try {
        std::unique_ptr<vipd::SavedState> saved;
        if (!options.observe && !first.config.state_dir.empty() && may_have_accepted(first)) {
            saved = std::make_unique<vipd::SavedState>(first.config.state_dir);
        }
        auto start =
            vipd::choose_config(options.config_file, saved ? saved->accepted() : std::nullopt);
        if (!start.reading.ok()) return report(start.reading);
        vipd::Daemon daemon(std::move(start.reading), std::move(saved),
                            {options.config_file, start.fallback, options.observe}, log);
        vipd::take_short_turns();  // as the control thread
        daemon.run();
        return 0;
    } catch (const std::exception& error) {
        log.write(vipd::LogLevel::error, "stopped", options.config_file, error.what());
        return exit_failure;
    }
}

}  // namespace

int main(int argc, char** argv) {
    CLI::App app{"Keeps virtual IPs honest: health checks, IPVS, BGP."};
    Options options;
    app.set_version_flag("--version", "vipd " VIPD_VERSION);
    auto* config = app.add_option("--config", options.config_file, "run with this configuration");
    auto* checking =
        app.add_option("--check", options.check_file,
                       "validate a configuration without looking at the host, and exit");
    app.add_flag("--observe", options.observe,
                 "read the kernel, write nothing, no BGP: show what would be done")
        ->needs(config);
    config->excludes(checking);
    app.require_option(1, 2);
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        return app.exit(error) == 0 ? 0 : exit_usage;
    }
    raise_open_files();
    return options.check_file.empty() ? run(options) : check(options.check_file);
}
