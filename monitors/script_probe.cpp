#include "monitors/script_probe.hpp"

#include "monitors/text.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

namespace vipd::monitors {

namespace {

constexpr std::size_t output_kept = 1024;

void replace_all(std::string& text, std::string_view what, const std::string& with) {
    for (auto at = text.find(what); at != std::string::npos;
         at = text.find(what, at + with.size())) {
        text.replace(at, what.size(), with);
    }
}

}  // namespace

std::vector<std::string> script_arguments(const ScriptCheck& check, const Endpoint& target) {
    auto arguments = check.arguments;
    for (auto& argument : arguments) {
        replace_all(argument, "{address}", target.address.to_string());
        replace_all(argument, "{port}", std::to_string(target.port));
    }
    return arguments;
}

Finding judge_exit(const ScriptCheck& check, int code) {
    const auto text = "exit " + std::to_string(code);
    if (code == 0) return {true, {"ok", text}};
    if (check.weight_from_exit && code >= 2) {
        const auto weight = static_cast<std::uint32_t>(code - 2);
        return {true, {"ok", text + ", weight " + std::to_string(weight)}, weight};
    }
    return {false, {"script-exit", text}};
}

ScriptProbe::~ScriptProbe() {
    if (script_.process == 0) return;
    ::kill(-script_.process, SIGKILL);
    ::kill(script_.process, SIGKILL);  // in case it did not come so far as to have a group
    reaper_->adopt(script_.process);
}

Step ScriptProbe::start(const ProbeContext& context, TimePoint /*now*/) {
    reaper_ = &context.reaper;
    const auto address = plan_.target.address.to_string();
    const auto port = std::to_string(plan_.target.port);
    script_ = spawn_script(script_arguments(check_, plan_.target),
                           {"PATH=/usr/local/bin:/usr/bin:/bin", "LANG=C.UTF-8",
                            "VIPD_ADDRESS=" + address, "VIPD_PORT=" + port});
    if (script_.error != 0) return Step::own_fault(socket_reason(script_.error));
    for (const int fd : {script_.ended.get(), script_.output.get()}) {
        if (const int error = context.poller.add(fd, context.token))
            return Step::own_fault(socket_reason(error));
    }
    return Step::waiting();
}

/// The group is killed while its leader still has its number, ended but not waited for: it can be
/// nobody else's.
Step ScriptProbe::ready(const ProbeContext& context, std::uint32_t /*events*/, TimePoint /*now*/) {
    read_output(context);
    siginfo_t info{};
    const int waited = ::waitid(P_PIDFD, static_cast<id_t>(script_.ended.get()), &info,
                                WEXITED | WNOHANG | WNOWAIT);
    if (waited != 0 || info.si_pid == 0) return Step::waiting();
    ::kill(-script_.process, SIGKILL);
    ::waitid(P_PIDFD, static_cast<id_t>(script_.ended.get()), &info, WEXITED | WNOHANG);
    script_.process = 0;
    if (info.si_code != CLD_EXITED) {
        return Step::done(
            {false, {"script-killed", "signal " + std::to_string(info.si_status) + said()}});
    }
    auto finding = judge_exit(check_, info.si_status);
    finding.reason.text += said();
    return Step::done(std::move(finding));
}

Step ScriptProbe::expired(const ProbeContext& context, TimePoint /*now*/) {
    read_output(context);
    return Step::done(
        {false, {"timeout", "no end within " + duration_text(plan_.timeout) + said()}});
}

void ScriptProbe::read_output(const ProbeContext& context) {
    constexpr int reads_at_once =
        4;  // a script that never stops writing is held up by its pipe meanwhile
    for (int reads = 0; reads < reads_at_once; ++reads) {
        const auto count =
            ::read(script_.output.get(), context.scratch.data(), context.scratch.size());
        if (count <= 0) return;
        const std::string_view bytes(context.scratch.data(), static_cast<std::size_t>(count));
        output_.append(bytes.substr(0, output_kept - output_.size()));
    }
    context.poller.rearm(script_.output.get(), context.token);
}

std::string ScriptProbe::said() const {
    if (output_.empty()) return {};
    return ": " + quoted(output_.substr(0, output_.find('\n')));
}

}  // namespace vipd::monitors
