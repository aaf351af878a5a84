// signalbox run: the gateway itself. Signals arrive on the main thread only: every other thread is started
// with them blocked.
//   SIGTERM  drain: sessions may finish (gateway.drain_timeout), idle ones end at once
//   SIGINT   end sessions now, as PostgreSQL's fast shutdown does
//   SIGHUP   read configuration and policies again
//   a second SIGTERM or SIGINT while draining ends the process; what is queued is on disk
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <thread>

#include "app/cli/terminal.h"
#include "app/cli/verbs.h"
#include "app/config/config.h"
#include "app/serve/options.h"
#include "app/serve/service.h"
#include "app/version.h"
#include "base/log.h"

namespace signalbox::app::cli {
namespace {

using namespace std::chrono_literals;

struct Options {
  std::string config;
  std::vector<std::string> listen;
  std::vector<std::string> targets;
  std::string policies;
  std::string admin;
  std::vector<std::string> set;
};

std::expected<Config, Diagnostics> read_config(const Options& options) {
  auto config =
      options.config.empty() ? std::expected<Config, Diagnostics>(defaults()) : load_file(options.config);
  if (!config) return config;
  const auto replace = [&](auto& list, const std::vector<std::string>& addresses, std::string_view section) {
    if (addresses.empty()) return;
    list.clear();
    for (const auto& s : sections()) {
      if (s.name != section) continue;
      for (const auto& address : addresses) {
        s.append(*config);
        set_defaults(s.elements(*config).back());
        list.back().address = address;
        if (list.size() > 1) list.back().name += fmt::format("{}", list.size());
      }
    }
  };
  replace(config->listeners, options.listen, "listeners");
  replace(config->targets, options.targets, "targets");
  if (!options.policies.empty()) config->policy.directory = options.policies;
  if (!options.admin.empty()) config->admin.address = options.admin == "off" ? "" : options.admin;
  if (auto bad = assign(*config, options.set); !bad.empty()) return std::unexpected(std::move(bad));
  if (auto bad = validate(*config); !bad.empty()) return std::unexpected(std::move(bad));
  return config;
}

sigset_t handled_signals() {
  sigset_t set;
  sigemptyset(&set);
  for (const int s : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&set, s);
  return set;
}

int next_signal(const sigset_t& set) {
  int number = 0;
  while (::sigwait(&set, &number) != 0) {
  }
  return number;
}

void reload(Service& service, const Options& options) {
  auto config = read_config(options);
  if (config) return service.reload(std::move(*config));
  log::error("the configuration has errors; the running one stays in use",
             {{"errors", config.error().size()}});
  for (const auto& d : config.error()) {
    log::error("configuration diagnostic", {{"at", fmt::format("{}:{}:{}", d.at.file, d.at.row, d.at.col)},
                                            {"message", d.message},
                                            {"hint", d.hint}});
  }
}

// Drains on a thread of its own, so that a second signal can cut it short.
void stop(Service& service, std::chrono::milliseconds deadline, const sigset_t& signals) {
  std::atomic<bool> done = false;
  std::thread draining([&] {
    const std::size_t cut_off = service.stop(deadline);
    log::info("stopped", {{"sessions_cut_off", cut_off}});
    done = true;
  });
  while (!done) {
    const timespec pause{0, 20'000'000};
    const int again = ::sigtimedwait(&signals, nullptr, &pause);
    if (again != SIGTERM && again != SIGINT) continue;
    log::warn("stopped at once, on a second signal");
    log::flush();
    std::_Exit(130);
  }
  draining.join();
}

void serve(Service& service, const Options& options, const sigset_t& signals) {
  for (;;) {
    const int signal = next_signal(signals);
    service.signalled(fmt::format("SIG{}", ::sigabbrev_np(signal)));
    if (signal == SIGHUP) {
      reload(service, options);
      continue;
    }
    const bool gently = signal == SIGTERM;
    const auto deadline =
        gently ? std::chrono::duration_cast<std::chrono::milliseconds>(service.config().gateway.drain_timeout)
               : 0ms;
    log::info("stopping", {{"signal", gently ? "SIGTERM" : "SIGINT"}, {"deadline_ms", deadline.count()}});
    return stop(service, deadline, signals);
  }
}

Exit run(const Options& options) {
  const auto began = std::chrono::steady_clock::now();
  auto config = read_config(options);
  if (!config) {
    complain(config.error());
    return Exit::Usage;
  }
  const sigset_t signals = handled_signals();
  ::pthread_sigmask(SIG_BLOCK, &signals, nullptr);  // before the first thread, which is the log's
  ::signal(SIGPIPE, SIG_IGN);
  ::signal(SIGXFSZ, SIG_IGN);  // a file as long as it may be is an error of that write
  if (auto opened = log::open(log_options(*config)); !opened) {
    complain(opened.error());
    return Exit::Unreachable;
  }
  auto service = Service::open(std::move(*config));
  if (!service) {
    log::flush();
    if (!service.error().diagnostics.empty()) {
      complain(service.error().diagnostics);
      return Exit::Finding;
    }
    complain(service.error().error);
    return exit_for(service.error().error);
  }
  const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - began;
  log::info("serving", {{"version", kVersion},
                        {"listeners", fmt::format("{}", fmt::join((*service)->addresses(), ","))},
                        {"admin", (*service)->admin_address()},
                        {"policies", (*service)->config().policy.directory.string()},
                        {"start_ms", took.count()}});
  serve(**service, options, signals);
  log::flush();
  return Exit::Ok;
}

}  // namespace

void add_run(CLI::App& root, Action& chosen) {
  auto options = std::make_shared<Options>();
  CLI::App* verb = root.add_subcommand("run", "Run the gateway");
  verb->add_option("-c,--config", options->config, "The configuration file");
  verb->add_option("--listen", options->listen, "Where clients connect, instead of `listeners`");
  verb->add_option("--target", options->targets, "The PostgreSQL server, instead of `targets`");
  verb->add_option("--policies", options->policies,
                   "The policy directory or bundle, instead of `policy.directory`");
  verb->add_option("--admin", options->admin, "Where the admin API listens, or off");
  verb->add_option("--set", options->set, "Any other key: --set limits.connections=100");
  verb->footer(
      "Examples:\n"
      "  signalbox run --config signalbox.yaml\n"
      "  signalbox run --listen 127.0.0.1:6432 --target 127.0.0.1:5432 --policies rules/\n"
      "  psql -h 127.0.0.1 -p 6432                 then connects through it\n"
      "SIGHUP reads configuration and policies again, SIGTERM drains, SIGINT stops.");
  verb->callback([=, &chosen] { chosen = [=] { return run(*options); }; });
}

}  // namespace signalbox::app::cli
