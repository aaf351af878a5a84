// The way back: policies see the answer to each statement when its last message (CommandComplete,
// ErrorResponse,
// ...) is here, before that one passes. Rows have passed by then: what can still be done is to log, to tell
// others, and to end the session.
//
// The surprise: an answer that needs nobody's permission is not denied by default. The request was permitted,
// and a default of deny would end every session.
#include "proxy/session/session.h"
#include "proxy/wire/replies.h"

namespace signalbox::proxy {
namespace {

/// Messages up to this size are looked at whole; a longer one passes as it is.
constexpr std::size_t kLongestLookedAt = 64 * 1024;

bool ends_answer(char type) {
  return type == 'C' || type == 'E' || type == 'I' || type == 's';
}

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

}  // namespace

/// Before a message passes. Returns why the scan must stop before it.
std::optional<Session::Pause> Session::watch(const wire::FrameHeader& header, std::string_view body,
                                             bool whole) {
  if (!answer_) answer_ = std::make_unique<Answer>();
  const bool described = header.type == 'T';
  if (!described && !ends_answer(header.type)) return std::nullopt;
  if (!whole && header.size() <= kLongestLookedAt) return Pause::More;
  if (described && whole) describe(*answer_, body);
  return described || answer_->decided ? std::nullopt : std::optional(Pause::Answered);
}

/// A message passes.
void Session::watched(const wire::FrameHeader& header) {
  if (!answer_) answer_ = std::make_unique<Answer>();
  if (ends_answer(header.type)) return answer_->begin();
  answer_->rows += header.type == 'D' ? 1 : 0;
  answer_->bytes += header.size();
}

/// The statement that is answered, as far as it is known.
Query Session::answered_query(const Pending* head, std::shared_ptr<PreparedText>& text) const {
  Query query;
  if (head == nullptr || !head->companion) return query;
  const Companion& companion = *head->companion;
  if (head->request == Request::Query || head->request == Request::Parse) {
    query.text = companion.text;
    query.protocol = head->request == Request::Query ? QueryProtocol::Simple : QueryProtocol::Extended;
    return query;
  }
  text = head->request == Request::Execute ? statements_.of_portal(companion.portal)
                                           : statements_.of_statement(companion.statement);
  query.protocol = QueryProtocol::Extended;
  if (text && text->known) query.text = text->text, query.prepared = text->named();
  return query;
}

/// The message at the front ends an answer. False = the session ends.
Task<bool> Session::decide_response() {
  from_server_->keep();
  wire::FrameHeader header;
  wire::read_header(wire::Sender::Server, from_server_->bytes(), header);
  const bool whole = from_server_->bytes().size() >= header.size();
  const std::string body(
      whole ? from_server_->bytes().substr(wire::kHeaderBytes, header.size() - wire::kHeaderBytes)
            : std::string_view());
  std::shared_ptr<PreparedText> text;
  const Pending* head = book_.head();
  const Query query = answered_query(head, text);
  ResponseFacts response;
  if (header.type == 'C') response.command_tag = std::string_view(body).substr(0, body.find('\0'));
  if (header.type == 'E') {
    response.sqlstate = wire::error_field(body, 'C');
    response.error = wire::error_field(body, 'M');
  }
  response.rows = answer_->rows;
  response.bytes = answer_->bytes + header.size();
  put_names(*answer_);
  if (answer_->described) response.columns = &answer_->columns;
  if (head != nullptr && head->companion && head->companion->sent_ns != 0)
    response.duration_ns = worker_.loop().now_ns() - head->companion->sent_ns;
  const MessageFacts message{.type = header.type, .bytes = header.size()};
  Event event = event_of(actions::Hook::TrafficFromServer);
  event.response = &response;
  event.message = &message;
  std::optional<QueryStatements> statements;
  if (!query.text.empty()) {
    event.query = &query;
    event.names = &statements_;
    statements.emplace(event);
    event.statement = statements->top_level(head->request == Request::Query ? head->companion->completed : 0);
  }
  for (const auto hook : {actions::Hook::TrafficFromServer, actions::Hook::TrafficToClient}) {
    if (!worker_.decider().wants(hook)) continue;
    event.hook = hook;
    const auto refusal = judge(event, co_await answer_to(event));
    if (!refusal || refusal->by_default) continue;
    if (!breaks(*refusal)) {
      terminate(refusal->fields);
    } else {
      client_->cancel(Io::Cancelled);
    }
    co_return false;
  }
  answer_->decided = true;
  co_return true;
}

}  // namespace signalbox::proxy
