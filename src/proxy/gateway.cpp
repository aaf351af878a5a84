// The gateway: workers, the sockets they listen on, and the conversations between the owner's thread and
// theirs.
#include "proxy/gateway.h"

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <future>
#include <thread>

#include "actions/lanes/job.h"
#include "base/log.h"
#include "policy/engine.h"
#include "proxy/hooks/retired.h"
#include "proxy/net/socket.h"
#include "proxy/worker.h"

namespace signalbox::proxy {

class Gateway::Impl {
 public:
  Impl(GatewayServices services, std::shared_ptr<const Settings> settings)
      : shared_(settings->options, std::move(services)), settings_(std::move(settings)) {}
  ~Impl();

  Result<void> open();
  void start();
  std::vector<std::string> addresses() const { return addresses_; }
  Result<void> reload(GatewayOptions options);
  void use(std::shared_ptr<const policy::PolicySet> policies);
  std::vector<SessionView> sessions() const;
  bool end_session(std::uint64_t id);
  void signalled(std::string name) { raise(actions::Hook::Signal, std::move(name)); }
  void deliver(actions::JobResult result);
  actions::BlockList& blocks() { return shared_.blocks; }
  actions::Limiter& limiter() { return shared_.limiter; }
  bool accepting() const { return accepting_; }
  std::size_t drain(std::chrono::milliseconds deadline);

 private:
  Result<std::vector<Endpoint>> endpoints_of(const ListenerOptions& listener) const;
  Result<void> open_listener(std::size_t index);
  void accept(Fd client, const Endpoint& peer, std::size_t listener);
  Worker& least_loaded();
  std::size_t load() const;
  /// A hook of the gateway's own life, soon.
  void raise(actions::Hook hook, std::string signal = {});
  /// Runs `work` on every worker's thread and waits for all.
  template <class Work>
  void on_every_worker(Work work) const;

  Shared shared_;
  RetiredPolicies retired_;
  std::shared_ptr<const Settings> settings_;
  std::vector<std::unique_ptr<Worker>> workers_;
  std::vector<std::string> addresses_;
  std::vector<std::string> socket_files_;
  std::atomic<bool> accepting_ = false;
  std::uint64_t policies_number_ = 0;
  bool started_ = false;
};

Gateway::Impl::~Impl() {
  if (started_) on_every_worker([](Worker& worker) { worker.drain(), worker.cut_off(); });
  for (auto& worker : workers_) worker->stop();
  for (const std::string& file : socket_files_) ::unlink(file.c_str());
}

Result<void> Gateway::Impl::open() {
  const unsigned wanted = settings_->options.threads;
  const unsigned threads = wanted != 0 ? wanted : std::max(1u, std::thread::hardware_concurrency());
  for (unsigned i = 0; i < threads; ++i) {
    workers_.push_back(std::make_unique<Worker>(shared_, settings_, shared_.services.metrics->new_shard()));
  }
  shared_.blocks.watch([this] {
    for (const auto& worker : workers_) worker->loop().post([raw = worker.get()] { raw->end_blocked(); });
  });
  if (shared_.services.policies) use(shared_.services.policies);
  for (std::size_t i = 0; i < settings_->options.listeners.size(); ++i) {
    if (auto opened = open_listener(i); !opened) return opened;
  }
  return {};
}

Result<std::vector<Endpoint>> Gateway::Impl::endpoints_of(const ListenerOptions& listener) const {
  if (!listener.host.starts_with('/')) return lookup(listener.host, listener.port);
  auto endpoint = unix_endpoint(listener.host, listener.port);
  if (!endpoint) return std::unexpected(endpoint.error());
  return std::vector{*endpoint};
}

/// TCP: a socket for every worker, all on one port. UNIX: one socket, on the first worker.
Result<void> Gateway::Impl::open_listener(std::size_t index) {
  const ListenerOptions& listener = settings_->options.listeners[index];
  auto endpoints = endpoints_of(listener);
  if (!endpoints) return std::unexpected(endpoints.error());
  for (Endpoint endpoint : *endpoints) {
    if (auto free = check_free(endpoint); !free) return free;
    for (std::size_t i = 0; i < workers_.size(); ++i) {
      auto fd = listen_on(endpoint, listener.unix_mode);
      if (!fd) return std::unexpected(fd.error());
      if (i == 0) endpoint = local_of(fd->get());  // port 0 has become a real one
      workers_[i]->listen(std::move(*fd), [this, index](Fd client, const Endpoint& peer) {
        accept(std::move(client), peer, index);
      });
      if (endpoint.is_unix()) break;
    }
    addresses_.push_back(endpoint.to_text());
    if (endpoint.is_unix()) socket_files_.push_back(endpoint.host());
  }
  return {};
}

void Gateway::Impl::start() {
  Worker& first = *workers_.front();
  first.lead([this] { return load(); });
  first.lifecycle().raise(actions::Hook::ConfigLoaded);
  first.lifecycle().raise(actions::Hook::Booting);
  started_ = true;
  accepting_ = true;
  for (auto& worker : workers_) worker->start();
  first.loop().post([&first] { first.watch_targets(), first.share_blocks(); });
  raise(actions::Hook::Booted);
  for (const std::string& address : addresses_) log::info("listening", {{"address", address}});
}

void Gateway::Impl::raise(actions::Hook hook, std::string signal) {
  Worker& first = *workers_.front();
  first.loop().post([&first, hook, signal = std::move(signal)] { first.lifecycle().raise(hook, signal); });
}

Worker& Gateway::Impl::least_loaded() {
  return **std::ranges::min_element(workers_, {}, [](const auto& worker) { return worker->load(); });
}

/// On the accepting worker's thread. The session goes to the worker with the fewest.
void Gateway::Impl::accept(Fd client, const Endpoint& peer, std::size_t listener) {
  Worker& worker = least_loaded();
  worker.reserve();
  worker.loop().post(
      [&worker, peer, listener, fd = client.release()] { worker.adopt(Fd(fd), peer, listener); });
}

template <class Work>
void Gateway::Impl::on_every_worker(Work work) const {
  std::vector<std::future<void>> done;
  for (const auto& worker : workers_) {
    auto finished = std::make_shared<std::promise<void>>();
    done.push_back(finished->get_future());
    worker->loop().post([&work, finished, raw = worker.get()] {
      work(*raw);
      finished->set_value();
    });
  }
  for (auto& one : done) one.wait();
}

Result<void> Gateway::Impl::reload(GatewayOptions options) {
  options.listeners.resize(settings_->options.listeners.size());
  for (std::size_t i = 0; i < options.listeners.size(); ++i) {
    options.listeners[i].host = settings_->options.listeners[i].host;
    options.listeners[i].port = settings_->options.listeners[i].port;
  }
  auto settings = Settings::make(std::move(options));
  if (!settings) return std::unexpected(settings.error());
  settings_ = *settings;
  shared_.census.use(settings_->options.limits);
  on_every_worker([this](Worker& worker) { worker.use(settings_); });
  raise(actions::Hook::ConfigLoaded);
  return {};
}

/// Bound once, then handed to every worker. Before start() the workers' threads do not run yet.
void Gateway::Impl::use(std::shared_ptr<const policy::PolicySet> policies) {
  const auto bound =
      retired_.share(std::make_unique<const Policies>(std::move(policies), ++policies_number_));
  if (started_) {
    on_every_worker([&](Worker& worker) { worker.use(bound); });
    raise(actions::Hook::ConfigLoaded);
  } else {
    for (auto& worker : workers_) worker->use(bound);
  }
}

std::vector<SessionView> Gateway::Impl::sessions() const {
  std::mutex mutex;
  std::vector<SessionView> all;
  on_every_worker([&](Worker& worker) {
    auto some = worker.sessions();
    std::lock_guard lock(mutex);
    std::ranges::move(some, std::back_inserter(all));
  });
  std::ranges::sort(all, {}, &SessionView::id);
  return all;
}

bool Gateway::Impl::end_session(std::uint64_t id) {
  std::atomic<bool> found = false;
  on_every_worker([&](Worker& worker) {
    if (worker.end_session(id)) found = true;
  });
  return found;
}

/// Never waits: the caller is the lane's writer.
void Gateway::Impl::deliver(actions::JobResult result) {
  const auto shared = std::make_shared<const actions::JobResult>(std::move(result));
  for (auto& worker : workers_) worker->loop().post([shared, raw = worker.get()] { raw->deliver(*shared); });
}

std::size_t Gateway::Impl::load() const {
  std::size_t sum = 0;
  for (const auto& worker : workers_) sum += worker->load();
  return sum;
}

std::size_t Gateway::Impl::drain(std::chrono::milliseconds deadline) {
  if (!accepting_.exchange(false)) return 0;
  raise(actions::Hook::Shutdown);
  on_every_worker([](Worker& worker) { worker.drain(); });
  const auto until = std::chrono::steady_clock::now() + deadline;
  while (load() > 0 && std::chrono::steady_clock::now() < until) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  const std::size_t left = load();
  if (left > 0) {
    on_every_worker([](Worker& worker) { worker.cut_off(); });
    const auto patience = std::chrono::steady_clock::now() + std::chrono::seconds(1);
    while (load() > 0 && std::chrono::steady_clock::now() < patience) {
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
  }
  for (auto& worker : workers_) worker->stop();
  started_ = false;
  return left;
}

// ---- the public face

Result<std::unique_ptr<Gateway>> Gateway::open(GatewayOptions options, GatewayServices services) {
  auto settings = Settings::make(std::move(options));
  if (!settings) return std::unexpected(settings.error());
  auto impl = std::make_unique<Impl>(std::move(services), std::move(*settings));
  if (auto opened = impl->open(); !opened) return std::unexpected(opened.error());
  return std::unique_ptr<Gateway>(new Gateway(std::move(impl)));
}

Gateway::Gateway(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Gateway::~Gateway() = default;
void Gateway::start() {
  impl_->start();
}
std::vector<std::string> Gateway::addresses() const {
  return impl_->addresses();
}
void Gateway::use(std::shared_ptr<const policy::PolicySet> policies) {
  impl_->use(std::move(policies));
}
Result<void> Gateway::reload(GatewayOptions options) {
  return impl_->reload(std::move(options));
}
void Gateway::signalled(std::string name) {
  impl_->signalled(std::move(name));
}
void Gateway::deliver(actions::JobResult result) {
  impl_->deliver(std::move(result));
}
std::vector<SessionView> Gateway::sessions() const {
  return impl_->sessions();
}
bool Gateway::end_session(std::uint64_t id) {
  return impl_->end_session(id);
}
actions::BlockList& Gateway::blocks() {
  return impl_->blocks();
}
actions::Limiter& Gateway::limiter() {
  return impl_->limiter();
}
bool Gateway::accepting() const {
  return impl_->accepting();
}
std::size_t Gateway::drain(std::chrono::milliseconds deadline) {
  return impl_->drain(deadline);
}

}  // namespace signalbox::proxy
