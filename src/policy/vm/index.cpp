// RuleIndex: addresses and networks, and the machine's side of a look-up.
#include "policy/vm/index.h"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <cstring>

#include "base/bytes.h"
#include "policy/vm/machine_parts.h"
#include "policy/vm/tracer.h"

namespace signalbox::policy {

RuleIndex::RuleIndex() = default;
RuleIndex::~RuleIndex() = default;

Network masked(Network network, std::uint8_t length) {
  const auto mask = [](int bits) {
    return bits <= 0 ? 0 : bits >= 64 ? ~std::uint64_t{0} : ~(~std::uint64_t{0} >> bits);
  };
  return {network.high & mask(length), network.low & mask(length - 64), length};
}

bool parse_network(std::string_view text, Network& out) {
  const auto slash = text.find('/');
  char address[64];
  const std::string_view host = text.substr(0, slash);
  if (host.empty() || host.size() >= sizeof address) return false;
  std::memcpy(address, host.data(), host.size());
  address[host.size()] = '\0';
  char bytes[16] = {};
  int bits = 128;
  in_addr v4;
  if (inet_pton(AF_INET, address, &v4) == 1) {
    bytes[10] = bytes[11] = static_cast<char>(0xFF);
    std::memcpy(bytes + 12, &v4, 4);
    bits = 32;
  } else if (inet_pton(AF_INET6, address, bytes) != 1) {
    return false;
  }
  int length = bits;
  if (slash != std::string_view::npos) {
    const std::string_view digits = text.substr(slash + 1);
    const auto [end, failed] = std::from_chars(digits.data(), digits.data() + digits.size(), length);
    if (failed != std::errc() || end != digits.data() + digits.size() || length < 0 || length > bits)
      return false;
  }
  out = {load_be<std::uint64_t>(bytes), load_be<std::uint64_t>(bytes + 8), 128};
  out = masked(out, static_cast<std::uint8_t>(length + 128 - bits));
  return true;
}

/// Sorts candidates_ and makes an iterator of them.
void Machine::keep_candidates(Value* iterator) {
  std::ranges::sort(candidates_);
  const auto repeated = std::ranges::unique(candidates_);
  candidates_.erase(repeated.begin(), repeated.end());
  Value* ordinals = arena_.allocate_array<Value>(candidates_.size());
  std::ranges::transform(candidates_, ordinals,
                         [](std::uint32_t ordinal) { return Value::integer(ordinal); });
  iterator[0] = Value::array({ordinals, candidates_.size()});
  iterator[1] = Value::integer(0);
}

RuleIndex::Errors Machine::errors_of_index() const {
  return evaluation_.strict ? RuleIndex::Errors::Reported : RuleIndex::Errors::LeftOut;
}

bool Machine::every_rule() const {
  return evaluation_.tracer != nullptr && evaluation_.tracer->every_rule();
}

void Machine::find_candidates(const Function& f, const Value* arguments, Value* iterator) {
  candidates_.clear();
  if (every_rule()) {
    for (std::uint32_t i = 0; i < f.rule_entries.size(); ++i) candidates_.push_back(i);
    return keep_candidates(iterator);
  }
  f.index->collect(
      [&](const IndexSubject& subject) {
        return subject.kind == IndexSubject::Kind::Slot ? input_slot(subject.number)
                                                        : arguments[subject.number];
      },
      errors_of_index(), candidates_);
  keep_candidates(iterator);
}

void Machine::note_failure(const Function& f, const Instruction& i, const Value* registers) {
  const auto at = [&](std::uint32_t operand) {
    return (operand & kConstantBit) != 0 ? &f.constants[operand & ~kConstantBit] : &registers[operand];
  };
  const bool compares = i.op >= Opcode::Equal && i.op <= Opcode::Member;
  evaluation_.tracer->failed(f, static_cast<std::uint32_t>(&i - f.code.data()), compares ? at(i.b) : nullptr,
                             compares ? at(i.c) : nullptr);
}

const Value* Machine::read_fact(std::uint32_t slot) const {
  return slot < slots_.size() && slots_[slot].epoch == epoch_ ? &slots_[slot].value : nullptr;
}

void Machine::find_members(const Fan& fan, Value* iterator) {
  candidates_.clear();
  if (fan.index && !every_rule()) {
    fan.index->collect([&](const IndexSubject& subject) { return input_slot(subject.number); },
                       errors_of_index(), candidates_);
    for (std::uint32_t& ordinal : candidates_) ordinal = fan.member_of_rule[ordinal];
  } else {
    for (std::uint32_t i = 0; i < fan.members.size(); ++i) candidates_.push_back(i);
  }
  keep_candidates(iterator);
}

int Machine::next_member(const Fan& fan, Value* iterator, Value& key, Value& document) {
  const std::span<const Value> ordinals = iterator[0].as_array();
  auto position = static_cast<std::size_t>(iterator[1].as_integer());
  while (position < ordinals.size()) {
    const auto& [name, rules] = fan.members[static_cast<std::size_t>(ordinals[position++].as_integer())];
    if (!rule_set(rules, document)) return -1;
    if (document.is_undefined()) continue;
    key = name;
    iterator[1] = Value::integer(static_cast<std::int64_t>(position));
    return 1;
  }
  return 0;
}

}  // namespace signalbox::policy
