// net.cidr_*: networks as Go's net package reads them.
// The surprise: cidr_merge takes a bare IPv4 address as a network of its historic class (10.0.0.1
// is 10.0.0.1/8).
#include <algorithm>
#include <functional>

#include "policy/builtins/declare.h"
#include "policy/builtins/go/ip.h"
#include "policy/builtins/list.h"
#include "policy/builtins/results.h"
#include "policy/builtins/typed.h"

namespace signalbox::policy::builtins {
namespace {

using go::Network;

Operand<Network> network_of(const Value& value) {
  auto text = operand<std::string_view>(value, 1);
  if (!text) return std::unexpected(text.error());
  auto network = go::parse_cidr(*text);
  if (!network) return builtin_failure("invalid CIDR address: " + std::string(*text));
  return *network;
}

Operand<bool> is_inside(const Value& outer, const Value& inner) {
  auto network = network_of(outer);
  if (!network) return std::unexpected(network.error());
  auto text = operand<std::string_view>(inner, 1);
  if (!text) return std::unexpected(text.error());
  if (auto ip = go::parse_ip(*text)) return network->contains(*ip);
  auto other = go::parse_cidr(*text);
  if (!other)
    return builtin_failure("not a valid textual representation of an IP address or CIDR: " +
                           std::string(*text));
  return network->contains(other->first) && network->contains(other->last());
}

BuiltinResult contains(BuiltinContext&, Value outer, Value inner) {
  auto inside = is_inside(outer, inner);
  if (!inside) return std::unexpected(inside.error());
  return Value::boolean(*inside);
}

BuiltinResult intersects(BuiltinContext&, Value left, Value right) {
  auto a = network_of(left);
  if (!a) return std::unexpected(a.error());
  auto b = network_of(right);
  if (!b) return std::unexpected(b.error());
  return Value::boolean(a->contains(b->first) || b->contains(a->first));
}

BuiltinResult is_valid(BuiltinContext&, Value value) {
  return Value::boolean(value.is_string() && go::parse_cidr(value.as_string()).has_value());
}

struct Candidate {
  Value cidr, index;
  bool fits;  ///< a string, or an array whose first element is taken
};

/// The CIDRs that an operand of cidr_contains_matches names, each with what stands for it in the result.
std::vector<Candidate> candidates(const Value& operand) {
  std::vector<Candidate> out;
  auto add = [&](const Value& element, Value index) {
    bool list = element.is_array() && element.size() > 0;
    out.push_back({list ? element.as_array()[0] : element, index, list || element.is_string()});
  };
  if (operand.is_string()) add(operand, operand);
  if (operand.is_array())
    for (std::uint32_t i = 0; i < operand.size(); ++i) add(operand.as_array()[i], Value::integer(i));
  if (operand.is_set())
    for (const Value& element : operand.as_set()) add(element, element);
  if (operand.is_object())
    for (const Pair& pair : operand.as_object()) add(pair.value, pair.key);
  return out;
}

std::unexpected<BuiltinError> misfit(int position) {
  return builtin_failure("operand " + std::to_string(position) +
                         ": element must be string or non-empty array");
}

BuiltinResult contains_matches(BuiltinContext& context, Value outer, Value inner) {
  SetBuilder matches(context.arena);
  auto right = candidates(inner);
  for (const Candidate& a : candidates(outer)) {
    if (!a.fits) return misfit(1);
    for (const Candidate& b : right) {
      if (!b.fits) return misfit(2);
      if (!context.meter.charge(2)) return limit_failure();
      auto inside = is_inside(a.cidr, b.cidr);
      if (!inside) return std::unexpected(inside.error());
      if (*inside) matches.add(pair_of(context, a.index, b.index));
    }
  }
  return matches.finish();
}

BuiltinResult expand(BuiltinContext& context, std::string_view text) {
  auto network = go::parse_cidr(text);
  if (!network) return builtin_failure("invalid CIDR address: " + std::string(text));
  SetBuilder addresses(context.arena);
  go::Ip last = network->last();
  for (go::Ip ip = network->first;; ip = go::next(ip)) {
    std::string address = go::to_text(ip);
    if (!context.meter.charge(2) || !context.meter.fits(address.size() + sizeof(Value)))
      return limit_failure();
    addresses.add(copy_string(context.arena, address));
    if (ip == last) break;
  }
  return addresses.finish();
}

struct Range {
  go::Ip first, last;
  std::optional<Network> whole;  ///< the network it is, while it has not been merged
};

/// IP.DefaultMask: the class of an IPv4 address.
int class_prefix(const go::Ip& ip) {
  return ip.bytes[12] < 0x80 ? 8 : ip.bytes[12] < 0xC0 ? 16 : 24;
}

Operand<Range> merge_range(const Value& value) {
  if (!value.is_string()) return builtin_failure("element must be string");
  if (auto ip = go::parse_ip(value.as_string())) {
    if (!ip->is_v4()) return builtin_failure("IPv6 invalid: needs prefix length");
    Network network = *go::parse_cidr(go::to_text(*ip) + "/" + std::to_string(class_prefix(*ip)));
    Range range{network.first, network.last(), network};
    range.whole->first = *ip;  // printed as given when nothing merges with it
    return range;
  }
  auto network = go::parse_cidr(value.as_string());
  if (!network) return builtin_failure("invalid CIDR address: " + std::string(value.as_string()));
  return Range{network->first, network->last(), *network};
}

/// True when `range` begins inside `below` or right after it. Nothing is before the lowest address of a
/// family.
bool touches(const Range& below, const Range& range) {
  if (range.first <= below.last) return true;
  bool lowest = go::previous(range.first).is_v4() != range.first.is_v4();
  return !lowest && go::previous(range.first) == below.last;
}

BuiltinResult merge(BuiltinContext& context, Value networks) {
  if (!networks.is_array() && !networks.is_set()) return builtin_failure("operand must be an array");
  std::vector<Range> ranges;
  for (const Value& element : elements_of(networks)) {
    auto range = merge_range(element);
    if (!range) return std::unexpected(range.error());
    ranges.push_back(std::move(*range));
  }
  if (!context.meter.charge(1 + ranges.size() * 8)) return limit_failure();
  std::ranges::stable_sort(ranges, [](const Range& a, const Range& b) {
    return a.last != b.last ? a.last < b.last : a.first < b.first;
  });
  std::vector<Range> merged;  // from the highest down
  for (Range& range : ranges) {
    while (!merged.empty() && touches(merged.back(), range)) {
      range = {std::min(merged.back().first, range.first), range.last, std::nullopt};
      merged.pop_back();
    }
    merged.push_back(std::move(range));
  }
  SetBuilder out(context.arena);
  for (const Range& range : merged) {
    auto covers =
        range.whole ? std::vector{*range.whole} : go::cover(range.first, range.last, range.first.is_v4());
    if (!context.meter.charge(covers.size())) return limit_failure();
    for (const Network& network : covers) out.add(copy_string(context.arena, go::to_text(network)));
  }
  return out.finish();
}

constexpr Builtin row(std::string_view name, std::string_view signature, BuiltinFn fn, Traits traits = {}) {
  return declare("net", name, signature, fn, traits);
}

constexpr std::string_view kTest = "(string, string) => boolean";

constexpr Builtin kTable[] = {
    row("net.cidr_contains", kTest, typed<contains>),
    row("net.cidr_contains_matches",
        "(any<string, array[any<string, array[any]>], object[string: any<string, array[any]>], "
        "set[any<string, array[any]>]>, any<string, array[any<string, array[any]>], "
        "object[string: any<string, array[any]>], set[any<string, array[any]>]>) => set[array<any, any>]",
        typed<contains_matches>),
    row("net.cidr_expand", "(string) => set[string]", typed<expand>),
    row("net.cidr_intersects", kTest, typed<intersects>),
    row("net.cidr_is_valid", "(string) => boolean", typed<is_valid>),
    row("net.cidr_merge", "(any<array[any<string>], set[string]>) => set[string]", typed<merge>),
    row("net.cidr_overlap", kTest, typed<contains>, {.deprecated = true}),
};

}  // namespace

std::span<const Builtin> cidr() {
  return kTable;
}

}  // namespace signalbox::policy::builtins
