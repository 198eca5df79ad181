#pragma once
// What the log tells of events, and of news from the edges that are no events.

#include "bgp/speaker.hpp"
#include "ipvs/kernel_thread.hpp"
#include "monitors/engine.hpp"
#include "src/control/controller.hpp"
#include "src/control/log.hpp"

namespace vipd {

/// At the level of an error what takes traffic away, of a warning what an operator should look at.
LogRecord log_record(const Event& event);

/// At debug: every change that the kernel acknowledged, every route that was written, every
/// verdict, every piece of evidence against ourselves. Called before the controller takes them.
void log_news(Log& log, const Controller& controller, const ipvs::KernelReport& report);
void log_news(Log& log, const Controller& controller, const bgp::SpeakerEvent& event);
void log_news(Log& log, const Controller& controller, const monitors::Verdict& verdict);
void log_news(Log& log, const Controller& controller, const monitors::Evidence& evidence);

}  // namespace vipd
