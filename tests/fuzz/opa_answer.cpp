// What an external OPA, or whoever answers in its place, sends: HTTP by the same parser as HttpClient, cut at
// any byte, and the body as a decision. A decision is either an error without actions or actions without one.
#define BOOST_DISABLE_ASSERTS  // as http_client.cpp, which says why
#include <boost/asio/buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "actions/interlock.h"
#include "policy/opa/exchange.h"

namespace http = boost::beast::http;
namespace opa = signalbox::policy::opa;

namespace {

void decide(int status, std::string_view body) {
  const signalbox::policy::Decision decision = opa::parse_decision(status, body);
  if (decision.error && !decision.actions.empty()) std::abort();
  if (status != 200 && !decision.error) std::abort();
  const auto plan = signalbox::actions::interlock(decision, signalbox::actions::Hook::TrafficFromClient, {});
  if (decision.error && !signalbox::actions::refuses(plan.verdict)) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  decide(200, bytes);
  decide(500, bytes);
  http::response_parser<http::string_body> parser;
  parser.body_limit(opa::kMaxAnswer);
  parser.eager(true);
  const std::size_t step = data[0] == 0 ? bytes.size() : data[0];
  std::string pending;
  for (std::size_t at = 0; at < bytes.size() && !parser.is_done(); at += step) {
    pending += bytes.substr(at, step);
    boost::system::error_code error;
    pending.erase(0, parser.put(boost::asio::buffer(pending), error));
    if (error && error != http::error::need_more) return 0;
  }
  boost::system::error_code error;
  if (!parser.is_done() && parser.got_some()) parser.put_eof(error);
  if (!error && parser.is_done()) decide(static_cast<int>(parser.get().result_int()), parser.get().body());
  return 0;
}
