// Policies see the answer to each statement when its last message (CommandComplete, ErrorResponse, ...) is
// here, before that one passes. Where there are rows they have had their say before that, when the
// rows began (editing.cpp); what they ask for beside that is done, and recorded, when the answer ends.
//
// The surprise: an answer that needs nobody's permission is not denied by default. The request was permitted,
// and a default of deny would end every session.
#include "proxy/session/replies/answers.h"

#include "proxy/hooks/event_input.h"
#include "proxy/session/gate.h"
#include "proxy/wire/replies.h"

namespace signalbox::proxy {
namespace {

/// Of a longer message only so much is looked at.
constexpr std::size_t kLongestLookedAt = 64 * 1024;
/// PostgreSQL's 1,600 columns with names of 63 bytes are a tenth of this.
constexpr std::size_t kLongestDescription = 2 * 1024 * 1024;

constexpr std::string_view kQuoting =
    "DHWqp";  ///< fields of an error in which rows are quoted, or code's own words

void describe(Answer& answer, std::string_view body) {
  const auto columns = wire::decode_row_description(body);
  if (!columns) return;
  answer.names.clear(), answer.name_ends.clear(), answer.columns.clear();
  for (const wire::DescribedColumn& column : *columns) {
    answer.names += column.name;
    answer.name_ends.push_back(answer.names.size());
    answer.columns.push_back({.name = {}, .type = column.type, .table = column.table});
  }
  answer.described = true;
}

void put_names(Answer& answer) {
  std::size_t begin = 0;
  for (std::size_t i = 0; i < answer.columns.size(); ++i) {
    answer.columns[i].name = std::string_view(answer.names).substr(begin, answer.name_ends[i] - begin);
    begin = answer.name_ends[i];
  }
}

/// What a statement has prepared or declared, where nobody looked when it was sent: the rows of EXECUTE and
/// FETCH are those of what the name stands for.
void note_names(const AnswerEvent& about) {
  if (about.message.type != 'C' || !about.statements || about.statements->changes().empty()) return;
  auto changes = std::make_shared<const std::vector<NameChange>>(about.statements->changes());
  if (about.head->request == Request::Query && !about.head->companion->changes) {
    about.head->companion->changes = std::move(changes);
  } else if (about.text && !about.text->changes) {
    about.text->changes = std::move(changes);
  }
}

}  // namespace

std::optional<Pause> Answers::watch(const wire::FrameHeader& header, std::string_view body, bool whole) {
  if (!answer_) answer_ = std::make_unique<Answer>();
  if (begins_rows(header.type)) {
    if (!whole) return header.size() <= kLongestDescription ? Pause::More : Pause::BadMessage;
    if (answer_->begun) return std::nullopt;
    if (header.type == 'T' && ends_.decider().wants_columns()) describe(*answer_, body);
    return must_rule_rows() ? std::optional(Pause::Begins) : std::nullopt;
  }
  if (header.type == 'N' && !editing_ && !answer_->noticed && dialogue_.book.head() != nullptr &&
      ends_.decider().rules_rows())
    return Pause::Notices;
  if (!ends_answer(header.type)) return std::nullopt;
  if (!whole && body.size() < kLongestLookedAt) return Pause::More;
  return answer_->decided ? std::nullopt : std::optional(Pause::Answered);
}

void Answers::watched(const wire::FrameHeader& header) {
  if (!answer_) answer_ = std::make_unique<Answer>();
  if (begins_rows(header.type)) answer_->begun = false;  // the next description is another one
  if (ends_answer(header.type)) return answer_->begin();
  answer_->rows += header.type == 'D' ? 1 : 0;
  answer_->bytes += header.size();
}

/// The statement that is answered, as far as it is known.
Query Answers::answered_query(const Pending* head, std::shared_ptr<PreparedText>& text) const {
  Query query;
  if (head == nullptr) return query;
  if (head->request == Request::FunctionCall) query.protocol = QueryProtocol::FunctionCall;
  if (!head->companion) return query;
  const Companion& companion = *head->companion;
  if (head->request == Request::Query || head->request == Request::Parse) {
    query.text = companion.text;
    query.protocol = head->request == Request::Query ? QueryProtocol::Simple : QueryProtocol::Extended;
    return query;
  }
  query.protocol = QueryProtocol::Extended;
  const bool of_portal =
      head->request == Request::Execute || (head->request == Request::Describe && companion.what == 'P');
  text = of_portal ? dialogue_.statements.of_portal(companion.portal)
                   : dialogue_.statements.of_statement(companion.statement);
  if (text && text->known) query.text = text->text, query.prepared = text->named();
  if (text || !of_portal) return query;
  const Names::Found cursor =
      dialogue_.statements.cursor(companion.portal);  // DECLAREd, executed as a portal
  if (cursor.knowledge == Names::Knowledge::Known)
    query.text = cursor.named.text, query.prepared = cursor.named;
  return query;
}

/// Policies read of the statement that is answered, and nobody has kept it.
bool Answers::is_unseen(const Pending* head, const Query& query) const {
  if (head == nullptr || !head->companion || !query.text.empty()) return false;
  const Policies& policies = ends_.decider().policies();
  return query.protocol != QueryProtocol::FunctionCall &&
         (policies.reads(actions::Hook::TrafficFromServer).query ||
          policies.reads(actions::Hook::TrafficToClient).query);
}

/// Somebody may edit or withhold the rows that begin. Who only takes note of answers is asked when they end.
bool Answers::must_rule_rows() const {
  if (ends_.decider().rules_rows()) return true;
  std::shared_ptr<PreparedText> text;
  const Pending* head = dialogue_.book.head();
  return is_unseen(head, answered_query(head, text));
}

/// Of the message at the front.
void Answers::make_event(AnswerEvent& about, bool ended) {
  wire::FrameHeader header;
  wire::read_header(wire::Sender::Server, ends_.from_server->bytes(), header);
  const bool begins = begins_rows(header.type);
  about.body = ends_.from_server->bytes().substr(
      wire::kHeaderBytes,
      std::min(header.size() - wire::kHeaderBytes, begins ? kLongestDescription : kLongestLookedAt));
  about.head = dialogue_.book.head();
  if (about.body.size() < header.size() - wire::kHeaderBytes) about.body += '\0';  // ends its last field
  about.query = answered_query(about.head, about.text);
  ResponseFacts& response = about.response;
  response.ended = ended;
  const std::string_view body = about.body;
  if (header.type == 'C') response.command_tag = body.substr(0, body.find('\0'));
  if (header.type == 'E') {
    response.sqlstate = wire::error_field(body, 'C');
    response.error = wire::error_field(body, 'M');
  }
  response.rows = answer_->rows;
  response.bytes = answer_->bytes + header.size();
  put_names(*answer_);
  if (answer_->described) response.columns = &answer_->columns;
  const Companion* companion = about.head != nullptr ? about.head->companion.get() : nullptr;
  if (companion != nullptr && companion->sent_ns != 0)
    response.duration_ns = ends_.loop().now_ns() - companion->sent_ns;
  about.message = {.type = header.type, .bytes = header.size()};
  about.event = dialogue_.event_of(actions::Hook::TrafficFromServer);
  about.event.response = &response;
  about.event.message = &about.message;
  const bool called = about.query.protocol == QueryProtocol::FunctionCall;
  if (about.query.text.empty() && !called) return;
  about.event.query = &about.query;
  about.event.names = &dialogue_.statements;
  if (reads_statements()) take_apart(about);
}

/// Somebody reads what the answered statement says, whatever is decided.
bool Answers::reads_statements() const {
  const Decider& decider = ends_.decider();
  const Policies& policies = decider.policies();
  return decider.rules_rows() || decider.asynchronous() || decider.watches(Sight::Answered) ||
         policies.reads(actions::Hook::TrafficFromServer).query ||
         policies.reads(actions::Hook::TrafficToClient).query;
}

void Answers::take_apart(AnswerEvent& about) const {
  if (about.statements || about.event.query == nullptr) return;
  about.statements.emplace(about.event);
  const Companion* companion = about.head->companion.get();
  if (about.head->request == Request::Query && companion != nullptr) about.index = companion->completed;
  const bool called = about.query.protocol == QueryProtocol::FunctionCall;
  about.event.statement =
      called ? &about.statements->all().front() : about.statements->top_level(about.index);
}

/// What policies say to an answer: a refusal, or what is to be masked. At its beginning only what they say of
/// the rows counts; all they ask for is dispatched once, when the answer ends or is refused.
Task<std::optional<Refusal>> Answers::ruled_on(AnswerEvent& about, Masks& masks) {
  Event& event = about.event;
  Decider& decider = ends_.decider();
  for (const auto hook : {actions::Hook::TrafficFromServer, actions::Hook::TrafficToClient}) {
    if (!decider.wants(hook)) continue;
    event.hook = hook;
    const RulingPtr ruling = co_await ruling_on(decider, event);
    if (!ruling->decision.actions.empty() || ruling->decision.error) take_apart(about);
    const bool refused = ruling->plan.verdict <= actions::Verdict::Error;
    const bool over = about.response.ended || refused;
    if (!over) about.unrecorded.emplace_back(hook, ruling);
    const bool recorded = !over || decider.dispatch(*ruling, event);
    if (!recorded || refused) ends_.metrics().add(Counter::StatementsRefused);
    if (!recorded) co_return log_is_full();
    if (refused) co_return refusal_of(*ruling, event);
    if (ruling->plan.verdict == actions::Verdict::Discard) masks.discard();
    const EventView view(event);
    const EventInput facts(view, ruling->policies->slots());
    for (const actions::PlannedAction& action : ruling->plan.sync) {
      if (action.spec->name != "response") continue;
      const auto added = masks.add(actions::Parameters(action, ruling->decision, facts),
                                   dialogue_.settings->options.masking_keys);
      if (!added) co_return make_refusal("42501", "the answer cannot be shown: " + added.error().message);
    }
  }
  co_return std::nullopt;
}

/// The answer goes no further, so it has no end at which this is done. False: a log that must not lose lines
/// is full.
bool Answers::record(AnswerEvent& about) {
  bool recorded = true;
  for (const auto& [hook, ruling] : std::exchange(about.unrecorded, {})) {
    about.event.hook = hook;
    take_apart(about);
    recorded = ends_.decider().dispatch(*ruling, about.event) && recorded;
  }
  return recorded;
}

/// The message at the front ends an answer. False = the session ends.
Task<bool> Answers::decide_end() {
  ends_.from_server->keep();
  AnswerEvent about;
  make_event(about, true);
  note_names(about);
  if (ends_.decider().watches(Sight::Answered)) ends_.decider().see(Sight::Answered, about.event);
  Masks masks;
  auto refusal = co_await ruled_on(about, masks);
  if (!refusal && about.message.type == 'V') refusal = edit_result(masks);
  answer_->decided = true;
  if (refusal && ends_session(*refusal)) co_return false;
  if (refusal) {
    withhold(*refusal, about.message.type);
  } else if (about.message.type == 'E' && may_quote(about, masks)) {
    instead_ = silence_of(about);
  } else if (about.message.type == 'E' && may_quote_rows(about, masks)) {
    instead_ = wire::without_fields(about.body, kQuoting);
  }
  co_return true;
}

/// The message at the front is a notice of a statement that gives no rows, or has given none yet: of a DO, a
/// trigger, a function. False = the session ends.
Task<bool> Answers::decide_notice() {
  ends_.from_server->keep();
  AnswerEvent about;
  make_event(about, false);
  Masks masks;
  const auto refusal = co_await ruled_on(about, masks);
  answer_->noticed = true;
  answer_->quotes = !refusal && (may_quote(about, masks) || may_quote_rows(about, masks));
  if (!refusal) co_return true;
  if (ends_session(*refusal)) co_return false;
  withhold(*refusal, about.message.type);
  co_return ends_.phase == Phase::Active;
}

/// What a function gives is one value, and nothing of it is described.
std::optional<Refusal> Answers::edit_result(const Masks& masks) {
  if (masks.hides())
    return make_refusal("42501", "the answer cannot be shown: what a function gives cannot be traced");
  constexpr std::uint32_t kNull = 0xffff'ffff;
  if (masks.most_rows() == 0) wire::FrameBuilder(instead_.emplace(), 'V').u32(kNull);
  return std::nullopt;
}

/// The verdict is one that ends the session, which has been done.
bool Answers::ends_session(const Refusal& refusal) {
  if (!actions::ends_session(refusal.verdict)) return false;
  if (ends_.breaks(refusal)) {
    ends_.client->cancel(Io::Cancelled);
  } else {
    ends_.terminate(refusal.fields);
  }
  return true;
}

/// What PostgreSQL says in errors and notices may quote what the statement has read.
bool Answers::may_quote(const AnswerEvent& about, const Masks& masks) {
  const QueryStatement* statement = about.event.statement;
  if (!masks.hides() || statement == nullptr || statement->facts == nullptr) return false;
  return masks.concern(*statement->facts) || statement->query->parse_error.has_value();
}

/// "Failing row contains (1, Ada, ada@example.org)": of a write to a table, though only other columns are
/// named.
bool Answers::may_quote_rows(const AnswerEvent& about, const Masks& masks) {
  const QueryStatement* statement = about.event.statement;
  return masks.hides() && statement != nullptr && statement->facts != nullptr &&
         masks.concern_writes(*statement->facts);
}

/// The error at hand without what it says.
std::string Answers::silence_of(const AnswerEvent& about) {
  wire::ErrorFields fields;
  fields.severity = wire::error_field(about.body, 'V');
  fields.sqlstate = about.response.sqlstate;
  fields.message = "the statement failed; what it says is withheld, because it reads masked columns";
  return wire::encode_error(fields);
}

}  // namespace signalbox::proxy
