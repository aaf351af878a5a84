// The second time a statement comes, a decision is one look-up. The memo's key holds, beside the exact text,
// the values of every session attribute that a policy reads; they are turned into one small number per
// session, which is computed again only when an attribute has changed. Where policies read nothing of the
// text that its integer constants can change, the text's shape stands for it.
#include "proxy/hooks/decider.h"

#include <algorithm>
#include <utility>

#include "actions/interlock.h"
#include "actions/lanes/dispatch.h"
#include "actions/record.h"
#include "policy/value/json.h"
#include "proxy/lane/lane.h"
#include "proxy/net/loop.h"
#include "proxy/targets/mobility.h"
#include "sql/comment.h"
#include "sql/shape.h"

namespace signalbox::proxy {
namespace {

/// Settings that change what a text means: part of the key wherever the text's meaning is read.
constexpr std::string_view kMeaning[] = {"session.parameters.standard_conforming_strings",
                                         "session.parameters.client_encoding"};

/// Statements decided without letting other sessions go first.
constexpr std::size_t kSlice = 64;
/// The largest analysis that is kept with a ruling.
constexpr std::size_t kMostKept = 16 * 1024;
/// A whole query may take this many times as long as one decision.
constexpr std::int64_t kQueryDeadlines = 10;

/// Permitted, and nobody asks for anything.
bool is_quiet(const Ruling& ruling) {
  return ruling.decision.actions.empty() && !ruling.decision.error && ruling.passed_over.empty() &&
         !actions::refuses(ruling.plan.verdict);
}

/// What names stand for.
void append_catalogue(const CatalogFacts& catalogue, std::string& attributes) {
  attributes += '\n';
  attributes += std::to_string(catalogue.number);
  attributes += catalogue.stale ? " stale" : "";
  if (!catalogue.path) return;
  for (const std::string& schema : *catalogue.path) {
    attributes += '\0';
    attributes += schema;
  }
  attributes += '\n';
}

/// What sqlcommenter and drivers put into a comment, so that a trace goes on behind the client.
std::string traceparent_of(const Event& event) {
  if (event.query == nullptr) return {};
  for (const sql::CommentTag& tag :
       sql::comment_tags(event.query->text, analyze_options(event).standard_conforming_strings)) {
    if (tag.key == "traceparent") return tag.value;
  }
  return {};
}

std::string peer_text(const ClientFacts& client) {
  return client.address.empty() ? "local" : client.address + ":" + std::to_string(client.port);
}

}  // namespace

Decider::Decider(const Clock& clock, MetricsShard& metrics, actions::Producer* lane)
    : clock_(clock),
      metrics_(metrics),
      lane_(lane),
      policies_(std::make_shared<const Policies>(nullptr, 0)),
      memo_(0, 0) {}

void Decider::use(std::shared_ptr<const Policies> policies) {
  policies_ = std::move(policies);
  memo_.clear();
  count_memo();
  choose_detectors();
}

/// An external engine is sent what the site declares.
void Decider::choose_detectors() {
  signals_.use(*policies_, source_ ? std::span<const std::string>(options_.external.inputs)
                                   : std::span<const std::string>());
}

void Decider::see(Sight sight, Event event) {
  event.time_ns = clock_.wall_ns();
  signals_.see(sight, event);
}

void Decider::use(const DecisionOptions& options, const MemoryLimits& limits) {
  options_ = options;
  limits_.steps = options.max_steps;
  limits_.memory = options.max_memory;
  limits_.time = options.deadline;
  const std::uint32_t epoch = memo_.epoch();
  memo_ = Memo(limits.memo_entries, limits.memo_bytes);
  while (memo_.epoch() <= epoch) memo_.clear();  // numbers given out before are void
  count_memo();
  choose_detectors();
}

RulingPtr Decider::decide(const Event& event) {
  metrics_.add(Counter::Decisions);
  return evaluate(event, policies_);
}

Judged Decider::decide_query(Event event, SessionKey& key) {
  const HookReads& reads = policies_->reads(event.hook);
  const bool remembered = remembers(event, reads);
  const bool shaped = remembered && reads.query && !reads.text && sql::shape_of(event.query->text, shape_);
  MemoKey exact;
  if (remembered) {
    exact = memo_key(event, reads, key);
    QueryRulingPtr known = shaped ? memo_.find(with_shape(exact)) : nullptr;
    if (!known) known = memo_.find(exact);
    if (known) {
      metrics_.add(Counter::Decisions, known->each.size());
      metrics_.add(Counter::DecisionMemoHits, known->each.size());
      return {.ruling = std::move(known), .statements = nullptr, .memoised = true};
    }
  }
  Judged judged;
  std::vector<RulingPtr> each;
  if (!reads.query) {
    each.push_back(decide(event));
  } else {
    judged.statements = std::make_shared<const QueryStatements>(event);
    if (judged.statements->all().size() > kSlice) return {};
    for (const QueryStatement& statement : judged.statements->all()) {
      event.statement = &statement;
      each.push_back(decide(event));
    }
  }
  auto ruling = join(std::move(each), judged.statements.get());
  const bool keeps = judged.statements && !ruling->quiet && ruling->lasting && !ruling->refers;
  const std::size_t bytes = keeps ? judged.statements->bytes() : 0;
  if (keeps && bytes <= kMostKept) ruling->statements = judged.statements;
  judged.ruling = std::move(ruling);
  if (remembered && judged.ruling->lasting && !judged.ruling->refers) {
    const bool any_constants = shaped && !judged.statements->depends_on_constants();
    memo_.keep(any_constants ? with_shape(exact) : exact, judged.ruling,
               judged.ruling->statements ? bytes : 0);
    count_memo();
  }
  return judged;
}

/// The gauge follows the memo.
void Decider::count_memo() {
  const auto size = static_cast<std::int64_t>(memo_.size());
  metrics_.move(Gauge::DecisionMemoEntries, size - std::exchange(memo_counted_, size));
}

/// The key of every text of the present shape.
MemoKey Decider::with_shape(MemoKey key) const {
  key.shape = true;
  key.text = shape_;
  return key;
}

/// `statements` null: nobody looked into the query.
std::shared_ptr<QueryRuling> Decider::join(std::vector<RulingPtr> each, const QueryStatements* statements) {
  auto ruling = std::make_shared<QueryRuling>();
  ruling->transmits = true;
  for (std::size_t i = 0; i < each.size(); ++i) {
    const Ruling& one = *each[i];
    if (actions::stricter(one.plan.verdict, each[ruling->decisive]->plan.verdict)) ruling->decisive = i;
    ruling->quiet = ruling->quiet && is_quiet(one);
    ruling->lasting = ruling->lasting && one.decision.deterministic && !one.decision.error;
    ruling->acts = ruling->acts || has_lane_work(one.plan, one.decision);
    ruling->transmits = ruling->transmits && one.plan.verdict == actions::Verdict::Transmit;
  }
  ruling->each = std::move(each);
  if (statements == nullptr) ruling->path.push_back({.what = PathChange::What::Hidden});
  if (statements != nullptr) {
    ruling->ends_transaction = statements->ends_transaction();
    ruling->missing = statements->missing();
    ruling->refers = statements->refers();
    ruling->untold = statements->untold();
    ruling->path = statements->path_changes();
    ruling->defines = statements->defines();
    ruling->changes = statements->changes();
    const auto& all = statements->all();
    ruling->leaves_state = std::ranges::any_of(
        all, [](const auto& one) { return one.facts == nullptr || leaves_state(*one.facts); });
    ruling->reads_only = std::ranges::all_of(
        all, [](const auto& one) { return one.facts != nullptr && one.facts->read_only; });
  }
  return ruling;
}

bool Decider::remembers(const Event& event, const HookReads& reads) const {
  return reads.memo && event.session != nullptr && event.query != nullptr &&
         event.query->parameters == nullptr && !event.query->prepared && event.response == nullptr;
}

MemoKey Decider::memo_key(const Event& event, const HookReads& reads, SessionKey& key) {
  renew(event, key);
  return {.session = key.number,
          .hook = event.hook,
          .transaction = reads.transaction ? event.session->transaction : Transaction::Idle,
          .protocol = event.query->protocol,
          .text = reads.query ? event.query->text : std::string_view()};
}

void Decider::renew(const Event& event, SessionKey& key) {
  const bool fresh = key.policies == policies_->number() && key.generation == event.session->generation &&
                     key.epoch == memo_.epoch();
  if (!fresh) number(event, key);
}

/// The values of the session's attributes that are read at any hook with queries, in one text.
void Decider::number(const Event& event, SessionKey& key) {
  const EventView view(event);
  policy::Arena arena;
  attributes_.clear();
  for (const std::uint32_t slot : policies_->reads(event.hook).session_slots) {
    const policy::Value value = read(policies_->slots()[slot], view, arena);
    if (value) policy::append_json(attributes_, value);
    attributes_ += '\n';
  }
  const EventInput input(view, policies_->slots());
  for (const std::string_view setting : kMeaning) {
    input.append_json(setting, attributes_);
    attributes_ += '\n';
  }
  if (event.server != nullptr) attributes_ += event.server->version;
  if (event.catalog != nullptr) append_catalogue(*event.catalog, attributes_);
  key.number = memo_.number_of(attributes_);
  count_memo();
  key.policies = policies_->number();
  key.generation = event.session->generation;
  key.epoch = memo_.epoch();
}

/// `not_after_ns` (steady, 0 = none): what is left of the time that a whole query may take.
std::shared_ptr<Ruling> Decider::evaluate(const Event& event, const std::shared_ptr<const Policies>& policies,
                                          std::int64_t not_after_ns) {
  Event timed = event;
  timed.time_ns = clock_.wall_ns();
  timed.signals = &signals_;
  const EventView view(timed);
  const EventInput input(view, policies->slots());
  const std::int64_t began = clock_.steady_ns();
  policy::Limits limits = limits_;
  if (not_after_ns != 0) {
    const std::chrono::nanoseconds left(std::max<std::int64_t>(not_after_ns - began, 1));
    limits.time = limits.time.count() == 0 ? left : std::min(limits.time, left);
  }
  policy::Decision decision;
  if (policies->set() != nullptr) decision = evaluator_.decide(*policies->set(), input, limits);
  auto ruling = rule(std::move(decision), event.hook, options_.interlock);
  ruling->policies = policies;
  ruling->engine = "embedded";
  ruling->latency_ns = clock_.steady_ns() - began;
  metrics_.observe(Histogram::DecisionDuration, static_cast<std::uint64_t>(ruling->latency_ns));
  return ruling;
}

void Decider::use(std::shared_ptr<DecisionSource> source) {
  source_ = std::move(source);
  choose_detectors();
}

/// The policies at the time of the question are the ones the ruling is made under.
Task<RulingPtr> Decider::ask(Event& event) {
  event.time_ns = clock_.wall_ns();
  event.signals = &signals_;
  metrics_.add(Counter::Decisions);
  const EventView view(event);
  const std::int64_t began = clock_.steady_ns();
  const std::shared_ptr<DecisionSource> source = source_;
  const std::shared_ptr<const Policies> policies = policies_;
  policy::Decision decision = co_await source->decide(view, policies);
  const std::int64_t latency_ns = clock_.steady_ns() - began;
  metrics_.observe(Histogram::ExternalDecisionDuration, static_cast<std::uint64_t>(latency_ns));
  metrics_.add(decision.error ? Counter::DecisionsExternalFailed : Counter::DecisionsExternal);
  const OnError on_error = options_.external.on_error;
  if (decision.error && on_error == OnError::Embedded && policies->set() != nullptr) {
    auto ruling = evaluate(event, policies);
    ruling->passed_over = std::move(decision.error->message);
    co_return std::move(ruling);
  }
  actions::InterlockOptions interlock = options_.interlock;
  interlock.on_error = on_error == OnError::Allow ? actions::Fallback::Continue : actions::Fallback::Refuse;
  auto ruling = rule(std::move(decision), event.hook, interlock);
  ruling->policies = policies;
  ruling->engine = "opa";
  ruling->latency_ns = latency_ns;
  co_return std::move(ruling);
}

std::shared_ptr<Ruling> Decider::rule(policy::Decision decision, actions::Hook hook,
                                      actions::InterlockOptions interlock) const {
  auto ruling = std::make_shared<Ruling>();
  ruling->decision = std::move(decision);
  if (!actions::kAdmissionHooks.contains(hook)) interlock.default_verdict = actions::Verdict::Allow;
  actions::interlock(ruling->decision, hook, interlock, ruling->plan);
  if (ruling->decision.error) metrics_.add(Counter::DecisionErrors);
  if (const auto lost = actions::count(ruling->plan, actions::Fate::Conflict); lost > 0) {
    metrics_.add(Counter::DecisionConflicts, lost);
  }
  return ruling;
}

/// An external engine is asked about one statement after the other.
Task<QueryRulingPtr> Decider::ask_query(Event event, Loop& loop) {
  const QueryStatements statements(event);
  const std::int64_t not_after =
      clock_.steady_ns() + kQueryDeadlines * std::chrono::nanoseconds(options_.deadline).count();
  const std::shared_ptr<const Policies> policies = policies_;
  std::vector<RulingPtr> each;
  for (const QueryStatement& statement : statements.all()) {
    event.statement = &statement;
    if (asynchronous()) {
      each.push_back(co_await ask(event));
      continue;
    }
    if (!each.empty() && each.size() % kSlice == 0) co_await yield_to(loop);
    metrics_.add(Counter::Decisions);
    each.push_back(evaluate(event, policies, not_after));
  }
  co_return join(std::move(each), &statements);
}

/// Kept of another text (a ruling may hold for a whole shape), or without its bound values, it says too
/// little.
std::shared_ptr<const QueryStatements> taken_apart(const Judged& judged, const Event& event) {
  if (judged.statements) return judged.statements;
  const auto& kept = judged.ruling->statements;
  const bool same =
      kept && event.query->parameters == nullptr && !event.query->prepared && kept->is_of(event.query->text);
  return same ? kept : std::make_shared<const QueryStatements>(event);
}

bool Decider::dispatch(const Judged& judged, Event event, std::string_view outcome) {
  if (judged.ruling->quiet) return true;
  const std::shared_ptr<const QueryStatements> apart = taken_apart(judged, event);
  const QueryStatements& statements = *apart;
  const std::size_t ruled = judged.ruling->each.size();
  const std::size_t count = ruled == 1 ? statements.all().size() : std::min(ruled, statements.all().size());
  bool recorded = true;
  for (std::size_t i = 0; i < count; ++i) {
    event.statement = &statements.all()[i];
    recorded = dispatch(judged.ruling->of(i), event, judged.memoised, outcome) && recorded;
  }
  return recorded;
}

bool Decider::dispatch(const Ruling& ruling, const Event& event, bool memoised, std::string_view outcome) {
  if (is_quiet(ruling)) return true;
  if (lane_ == nullptr) {
    metrics_.add(Counter::JobsDropped, ruling.plan.async.size());
    return true;
  }
  Event timed = event;
  timed.time_ns = clock_.wall_ns();
  timed.signals = &signals_;
  const actions::Id id = lane_->next_id();
  if (options_.record) record(ruling, timed, id, memoised, outcome);
  if (ruling.plan.async.empty()) return true;
  const EventView view(timed);
  const EventInput facts(view, ruling.policies->slots());
  const std::uint64_t session = event.session != nullptr ? event.session->id : 0;
  const actions::DispatchContext context{
      .origin = {.session = session, .generation = 0, .hook = event.hook, .decision = id},
      .now_ns = timed.time_ns};
  metrics_.add(Counter::JobsQueued, ruling.plan.async.size());
  return actions::queue_async(ruling.plan, ruling.decision, facts, context, *lane_) != actions::Push::Refuse;
}

/// The paths that policies read here, with their values. Bound values stay out: nobody asked for them to be
/// kept.
void Decider::record(const Ruling& ruling, const Event& event, actions::Id id, bool memoised,
                     std::string_view outcome) {
  const EventView view(event);
  const EventInput facts(view, ruling.policies->slots());
  facts_json_ = "{";
  for (const std::string& path : ruling.policies->paths(event.hook)) {
    if (path.empty() || path.starts_with("query.parameters")) continue;
    const std::size_t before = facts_json_.size();
    if (before > 1) facts_json_ += ',';
    policy::append_json(facts_json_, policy::Value::string(path));
    facts_json_ += ':';
    if (!facts.append_json(path, facts_json_)) facts_json_.resize(before);
  }
  facts_json_ += '}';
  const std::string client = event.client != nullptr ? peer_text(*event.client) : std::string();
  const std::string traceparent = options_.trace ? traceparent_of(event) : std::string();
  const actions::DecisionRecordView view_of_record{
      .id = id,
      .time_ns = event.time_ns,
      .hook = event.hook,
      .session = event.session != nullptr ? event.session->id : 0,
      .user = event.session != nullptr ? std::string_view(event.session->user) : std::string_view(),
      .database = event.session != nullptr ? std::string_view(event.session->database) : std::string_view(),
      .client = client,
      .target = event.server != nullptr ? std::string_view(event.server->target) : std::string_view(),
      .revision = ruling.decision.revision,
      .engine = ruling.engine,
      .passed_over = ruling.passed_over,
      .facts = facts_json_,
      .outcome = outcome,
      .steps = event.steps != nullptr ? std::span(*event.steps) : std::span<const actions::SyncStep>(),
      .traceparent = traceparent,
      .latency_ns = memoised ? 0 : ruling.latency_ns,
      .memoised = memoised,
      .decision = &ruling.decision,
      .plan = &ruling.plan};
  if (lane_->push(view_of_record) != actions::Push::Taken) metrics_.add(Counter::JobsDropped);
}

Task<RulingPtr> ruling_on(Decider& decider, Event& event) {
  RulingPtr ruling;
  if (decider.asynchronous()) ruling = co_await decider.ask(event);
  co_return ruling ? ruling : decider.decide(event);
}

}  // namespace signalbox::proxy
