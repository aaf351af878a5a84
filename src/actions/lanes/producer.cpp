// One eighth of the ring is a reserve that only fail-closed records may use, so that a compliance line still
// fits when ordinary ones are being dropped. Counters are written by this thread alone: a plain add, stored
// relaxed.
#include "actions/lanes/producer.h"

#include "actions/plan.h"
#include "policy/decision.h"

namespace signalbox::actions {

namespace {

constexpr std::uint32_t kSampleOneIn = 16;

void bump(std::atomic<std::uint64_t>& counter) {
  counter.store(counter.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
}

/// The names of the actions that a decision asked for, each once, separated by blanks.
void action_names(const policy::Decision& decision, std::string& out) {
  out.clear();
  for (const policy::ActionRequest& request : decision.actions) {
    const ActionSpec* spec = find_action(request.action);
    const std::string_view name = spec != nullptr ? spec->name : std::string_view(request.action);
    const std::size_t at = out.find(name);
    const bool there = at != out.npos && (at == 0 || out[at - 1] == ' ') &&
                       (at + name.size() == out.size() || out[at + name.size()] == ' ');
    if (there || name.find(' ') != name.npos) continue;
    if (!out.empty()) out += ' ';
    out += name;
  }
}

}  // namespace

RingProducer::RingProducer(std::uint32_t ring_bytes, bool store_decisions, const Clock& clock, Doorbell& bell)
    : ring_(ring_bytes), store_decisions_(store_decisions), clock_(clock), bell_(bell) {}

double RingProducer::pressure() const {
  return static_cast<double>(ring_.used()) / static_cast<double>(ring_.capacity());
}

template <class F>
bool RingProducer::write(const F& frame, std::size_t keep_free) {
  char* at = ring_.reserve(frame_size(frame), keep_free);
  if (at == nullptr) return false;
  encode(at, frame);
  ring_.publish();
  bell_.ring();
  return true;
}

Push RingProducer::count_drop(std::size_t size, Overflow overflow) {
  bump(size > ring_.max_record() ? counters_.dropped_size : counters_.dropped_ring);
  if (overflow != Overflow::FailClosed) return Push::Dropped;
  bump(counters_.refused);
  return Push::Refuse;
}

template <class F>
Push RingProducer::put(const F& frame, Overflow overflow) {
  const std::size_t reserve = overflow == Overflow::FailClosed ? 0 : ring_.capacity() / 8;
  const bool sampled_out = overflow == Overflow::Sample && ring_.used() > ring_.capacity() / 4 * 3 &&
                           ++sampled_ % kSampleOneIn != 0;
  if (!sampled_out && write(frame, reserve)) return Push::Taken;
  return count_drop(frame_size(frame), overflow);
}

template <class F>
Push RingProducer::put_numbered(F frame, GapClass of, Overflow overflow) {
  Numbering& numbering = numbering_[static_cast<std::size_t>(of)];
  frame.number = ++numbering.last;
  // The marker goes first, so that whoever reads on knows what is missing. It may use the reserve.
  if (numbering.gap.from != 0 && write(numbering.gap, 0)) numbering.gap.from = 0;
  const Push push = numbering.gap.from != 0 ? count_drop(frame_size(frame), overflow) : put(frame, overflow);
  if (push != Push::Taken) {
    if (numbering.gap.from == 0) numbering.gap = {of, frame.number, frame.number, frame.time_ns};
    numbering.gap.to = frame.number;
  }
  return push;
}

Push RingProducer::push(const JobView& job) {
  const ActionSpec* spec = find_action(job.action);
  if (spec == nullptr || spec->storage != Storage::Stream) return put(job, job.overflow);
  return put_numbered(
      StreamFrame{
          .id = job.id, .time_ns = job.created_ns, .arguments = job.arguments, .durability = job.durability},
      GapClass::Stream, job.overflow);
}

Push RingProducer::push(const DecisionRecordView& record) {
  if (!store_decisions_) return Push::Taken;
  json_.clear();
  append_json(record, json_);
  names_.clear();
  if (record.decision != nullptr) action_names(*record.decision, names_);
  const Verdict verdict = record.plan != nullptr ? record.plan->verdict : Verdict::Deny;
  return put_numbered(DecisionFrame{.id = record.id,
                                    .time_ns = record.time_ns,
                                    .user = record.user,
                                    .verdict = name(verdict),
                                    .actions = names_,
                                    .body = json_},
                      GapClass::Decision, Overflow::DropNewest);
}

std::vector<GapFrame> RingProducer::open_gaps() const {
  std::vector<GapFrame> gaps;
  for (const Numbering& numbering : numbering_) {
    if (numbering.gap.from != 0) gaps.push_back(numbering.gap);
  }
  return gaps;
}

}  // namespace signalbox::actions
