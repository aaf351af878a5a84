// route, forward, create: which server. The executors say what is wished for; the session moves when all
// statements of its message have been asked about (proxy/session/lane/moves.cpp).
#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "proxy/lane/lane.h"
#include "proxy/net/address.h"

namespace signalbox::proxy {
namespace {

RouteWish::By by_of(const LaneCall& call) {
  const std::string by = call.with.text_or("by", "session");
  if (by == "statement") return RouteWish::By::Statement;
  return by == "transaction" ? RouteWish::By::Transaction : RouteWish::By::Session;
}

/// BEGIN and its like: what follows would be taken along.
bool concerns_transaction(const Event& event) {
  if (event.statement == nullptr || event.statement->facts == nullptr) return false;
  return std::ranges::find(event.statement->facts->categories, "transaction") !=
         event.statement->facts->categories.end();
}

SslMode tls_of(const LaneCall& call) {
  const std::string tls = call.with.text_or("tls", "prefer");
  if (tls == "disable") return SslMode::Disable;
  if (tls == "require") return SslMode::Require;
  return tls == "verify-full" ? SslMode::VerifyFull : SslMode::Prefer;
}

/// "10.0.0.7:5432", "[2001:db8::7]:5432"
std::optional<Endpoint> parse_address(const std::string& text) {
  const auto colon = text.rfind(':');
  if (colon == std::string::npos) return std::nullopt;
  std::string host = text.substr(0, colon);
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
  std::uint16_t port = 0;
  const char* const last = text.data() + text.size();
  const auto [end, error] = std::from_chars(text.data() + colon + 1, last, port);
  if (error != std::errc{} || end != last || port == 0) return std::nullopt;
  auto endpoint = numeric_endpoint(host, port);
  return endpoint ? std::optional(*endpoint) : std::nullopt;
}

bool is_allowed(const actions::Network& address, const std::vector<std::string>& networks) {
  return std::ranges::any_of(networks, [&](const std::string& text) {
    const auto network = actions::parse_network(text);
    return network && actions::contains(*network, address);
  });
}

}  // namespace

Task<LaneOutcome> run_route(LaneCall call) {
  RouteWish wish;
  wish.by = by_of(call);
  if (wish.by == RouteWish::By::Statement && concerns_transaction(call.event))
    co_return LaneOutcome{.said = "stays: a transaction is no statement"};
  wish.target = call.with.text_or("target", "");
  wish.role = call.with.text_or("role", "");
  wish.tags = call.with.text_map("tags");
  if (const auto lag = call.with.duration("max_lag"))
    wish.max_lag_ns = std::chrono::nanoseconds(*lag).count();
  wish.read_your_writes = call.with.boolean_or("read_your_writes", false);
  wish.refuses_unsafe = call.with.text_or("on_unsafe", "stay") == "refuse";
  wish.refuses_unavailable = call.with.text_or("on_unavailable", "stay") == "refuse";
  if (!call.host.is_target(wish)) co_return LaneOutcome{.failed = "no target has this name, role and tags"};
  call.host.wish(std::move(wish), call.deadline);
  co_return LaneOutcome{.said = std::string(kWished)};
}

Task<LaneOutcome> run_forward(LaneCall call) {
  const std::string address = call.with.text_or("address", "");
  const auto endpoint = parse_address(address);
  if (!endpoint) co_return LaneOutcome{.failed = address + " is no numeric address:port"};
  const auto network = actions::parse_network(endpoint->host());
  if (!network || !is_allowed(*network, call.host.forward_networks()))
    co_return LaneOutcome{.failed = address + " is in no network of gateway.forward_networks"};
  TargetOptions options;
  options.name = address;
  options.host = endpoint->host();
  options.port = endpoint->port();
  options.tls.mode = tls_of(call);
  auto target = Target::make(std::move(options));
  if (!target) co_return LaneOutcome{.failed = target.error().message};
  RouteWish wish;
  wish.by = by_of(call);
  wish.refuses_unsafe = call.with.text_or("on_unsafe", "refuse") == "refuse";
  wish.refuses_unavailable = true;
  wish.given = std::move(*target);
  call.host.wish(std::move(wish), call.deadline);
  co_return LaneOutcome{.said = std::string(kWished)};
}

Task<LaneOutcome> run_create(LaneCall call) {
  RouteWish wish;
  wish.target = call.with.text_or("target", "");
  wish.fresh = true;
  wish.refuses_unsafe = call.with.text_or("on_unsafe", "stay") == "refuse";
  if (!call.host.is_target(wish)) co_return LaneOutcome{.failed = "no target has this name"};
  call.host.wish(std::move(wish), call.deadline);
  co_return LaneOutcome{.said = std::string(kWished)};
}

}  // namespace signalbox::proxy
