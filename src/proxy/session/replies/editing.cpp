// Answers that policies edit or withhold. They are asked when the rows begin, that is at the description
// (RowDescription, CopyOutResponse), and again when the answer ends (answers.cpp). In between each row is
// edited as it comes: nothing is collected.
//
// The surprise: a withheld answer is an ErrorResponse in the place of the message at hand, and then silence
// up to ReadyForQuery, although the server goes on as if nothing had happened; in the extended protocol the
// client's messages up to Sync are not sent on either, because the client knows that they are skipped.
#include "base/bytes.h"
#include "proxy/session/replies/answers.h"
#include "proxy/wire/replies.h"

namespace signalbox::proxy {
namespace {

/// Edited rows are sent on in pieces of about this size.
constexpr std::size_t kPiece = 64 * 1024;

constexpr const char* kBroken = "the answer cannot be shown: a row cannot be edited";
constexpr const char* kUnseen = "the answer cannot be shown: its statement is too long to be inspected";

/// Asynchronous messages: they belong to no answer.
bool is_aside(char type) {
  return type == 'S' || type == 'A';
}

/// COPY's options as the server understands them; nothing when a row cannot be told from the next.
std::optional<CopySyntax> syntax_of(const sql::CopyOptions& options, bool binary) {
  CopySyntax syntax;
  if (options.encoded || options.delimiter.size() > 1 || options.quote.size() > 1 ||
      options.escape.size() > 1)
    return std::nullopt;
  const bool csv = options.format == "csv";
  if (binary != (options.format == "binary") || (!binary && !csv && options.format != "text"))
    return std::nullopt;
  syntax.format = binary ? CopySyntax::Format::Binary
                  : csv  ? CopySyntax::Format::Csv
                         : CopySyntax::Format::Text;
  if (csv) syntax.delimiter = ',', syntax.null.clear();
  if (!options.delimiter.empty()) syntax.delimiter = options.delimiter.front();
  if (options.has_null) syntax.null = options.null;
  if (!options.quote.empty()) syntax.quote = syntax.escape = options.quote.front();
  if (!options.escape.empty()) syntax.escape = options.escape.front();
  syntax.header = options.header;
  return syntax;
}

}  // namespace

/// The message at the front describes rows that begin. False = the session ends.
Task<bool> Answers::decide_beginning() {
  ends_.from_server->keep();
  end_editing();
  AnswerEvent about;
  make_event(about, false);
  answer_->begun = true;
  Masks masks;
  std::optional<Refusal> refusal;
  if (is_unseen(about.head, about.query)) {
    refusal = make_refusal("54000", kUnseen);
  } else {
    refusal = co_await ruled_on(about, masks);
  }
  if (!refusal && !masks.empty()) refusal = begin_editing(about, masks);
  if (!refusal) co_return true;
  if (!record(about)) refusal = log_is_full();
  if (ends_session(*refusal)) co_return false;
  withhold(*refusal, about.message.type);
  co_return ends_.phase == Phase::Active;
}

/// What the columns of the answered statement are made of.
sql::Outputs Answers::outputs_of(const AnswerEvent& about) const {
  sql::Outputs unknown{.positional = false, .columns = {}};
  const QueryStatement* statement = about.event.statement;
  if (statement == nullptr || statement->facts == nullptr) return unknown;
  sql::AnalyzeOptions options = analyze_options(about.event);
  const std::string_view kind = statement->facts->kind;
  if (kind == "execute" || kind == "fetch") {
    const NamedText* named = about.statements->stands_for(about.index);
    if (named == nullptr) return unknown;
    options.standard_conforming_strings = named->reading.standard_strings,
    options.encoding = named->reading.encoding;
    return sql::outputs(named->text, 0, named->carried, options);
  }
  const std::optional<NamedText>& prepared = about.query.prepared;
  if (prepared) {
    options.standard_conforming_strings = prepared->reading.standard_strings;
    options.encoding = prepared->reading.encoding;
  }
  return sql::outputs(about.query.text, about.index, prepared && prepared->carried, options);
}

/// From now on the rows are edited; or why they cannot be shown.
std::optional<Refusal> Answers::begin_editing(const AnswerEvent& about, const Masks& masks) {
  auto editing = std::make_unique<Editing>();
  editing->hides = masks.hides();
  const sql::Outputs outputs =
      masks.hides() || about.message.type == 'H' ? outputs_of(about) : sql::Outputs{};
  if (about.message.type == 'T') {
    auto columns = wire::decode_row_description(about.body);
    if (!columns) return make_refusal("08P01", "invalid message format");
    if (masks.most_rows() && !has_room_for_portal(about.head)) return too_many_portals();
    editing->rows = masks.edit(outputs, *columns);
    editing->rows->go_on_behind(passed_before(about.head));
    std::size_t at = 0;
    const bool ours = about.head != nullptr && about.head->companion && about.head->companion->ours;
    if (std::erase_if(*columns, [&](const auto&) { return editing->rows->columns()[at++].dropped; }) > 0 &&
        !ours)
      wire::append_row_description(instead_.emplace(), *columns);
    if (!editing->rows->edits()) return std::nullopt;
  } else if (about.message.type == 'H') {
    auto format = wire::decode_copy_out(about.body);
    const auto syntax = format && outputs.copy ? syntax_of(*outputs.copy, format->binary) : std::nullopt;
    if (!syntax) return make_refusal("42501", "the answer cannot be shown: its rows cannot be told apart");
    const sql::AnalyzeOptions names = analyze_options(about.event);
    auto rows = masks.edit(outputs, *format, [&](const sql::OutputSource& source) -> std::uint32_t {
      if (names.catalog == nullptr || about.event.catalog->stale) return 0;
      const auto* relation = names.catalog->relation(source.schema, source.table, names.search_path);
      return relation == nullptr ? 0 : relation->type_of(source.column);
    });
    if (!rows) return make_refusal("42501", "the answer cannot be shown: " + rows.error().message);
    if (!rows->edits()) return std::nullopt;
    std::size_t at = 0;
    const RowEdit& edit = *rows;
    if (std::erase_if(format->columns, [&](const auto&) { return edit.columns()[at++].dropped; }) > 0)
      wire::append_copy_out(instead_.emplace(), *format);
    editing->copy.emplace(*syntax, std::move(*rows));
  }
  editing_ = std::move(editing);
  rows_by_hand_ = true;
  return std::nullopt;
}

/// An error takes the place of the message at the front, and of all behind it up to ReadyForQuery. Behind an
/// error of its own the server skips by itself.
void Answers::withhold(const Refusal& refusal, char at) {
  if (refusal.fields.severity == "FATAL") return ends_.terminate(refusal.fields);
  instead_ = wire::encode_error(refusal.fields);
  end_editing();
  if (at == 'E') return;
  muted_ = rows_by_hand_ = true;
  const Pending* head = dialogue_.book.head();
  const bool simple =
      head == nullptr || head->request == Request::Query || head->request == Request::FunctionCall;
  dialogue_.skips_to_sync = !simple && !dialogue_.book.awaits_sync();
}

void Answers::end_editing() {
  editing_.reset();
  rows_by_hand_ = muted_;
}

void Answers::forsake() {
  if (answer_) answer_->begin();
  end_editing();
}

std::optional<Pause> Answers::edited(const wire::FrameHeader& header, std::string_view body,
                                     std::optional<Pause> pause, std::string& instead) {
  if (pause && *pause != Pause::Substitute) return pause;
  const bool ends = ends_answer(header.type);
  if (editing_ && header.type == 'C' && editing_->capped() && !instead_) {
    const std::string tag = with_count(body.substr(0, body.find('\0')), editing_->passed());
    wire::FrameBuilder(instead_.emplace(), 'C').text(tag);
  }
  const bool quotes = (editing_ && editing_->hides) || (answer_ && answer_->quotes);
  if (quotes && header.type == 'N' && !instead_) instead_.emplace();
  if (editing_ && header.type == 'c' && editing_->copy && !editing_->copy->complete())
    withhold(make_refusal("54000", kBroken), header.type);
  if (ends || header.type == 'n' || header.type == 'Z') end_editing();
  if (header.type == 'Z') muted_ = rows_by_hand_ = dialogue_.skips_to_sync = false;
  if (instead_) {
    instead = *std::exchange(instead_, std::nullopt);
  } else if (muted_ && !is_aside(header.type)) {
    instead.clear();
    if (header.type == 'G' || header.type == 'W') return Pause::Unwanted;
  } else {
    return pause;
  }
  watched(header);
  return Pause::Substitute;
}

/// The rows at the front, as many as are here.
Task<bool> Answers::edit_rows(std::size_t at_most) {
  std::string out;
  std::size_t used = 0;
  bool good = true;
  const std::string_view bytes = ends_.from_server->bytes();
  for (std::size_t rows = 0; good && rows < at_most && out.size() < kPiece; ++rows) {
    const std::string_view rest = bytes.substr(used);
    wire::FrameHeader header;
    if (wire::read_header(wire::Sender::Server, rest, header) != wire::HeaderStatus::Complete) break;
    if ((header.type != 'D' && header.type != 'd')) break;
    if (header.size() > rest.size()) {
      good = used > 0;
      break;
    }
    good =
        editing_->row(header.type, rest.substr(wire::kHeaderBytes, header.size() - wire::kHeaderBytes), out);
    watched(header);
    used += header.size();
  }
  ends_.from_server->consume(used);
  ends_.from_server->keep();
  ends_.metrics().add(Counter::BytesFromServer, used);
  if (!good) {
    withhold(make_refusal("54000", kBroken), 'D');
    if (instead_) out += *std::exchange(instead_, std::nullopt);
  }
  co_return co_await ends_.write_to_client(std::move(out));
}

/// Consumes the row at the front, however long.
Task<bool> Answers::mute_row() {
  std::size_t left = std::size_t{load_be<std::uint32_t>(ends_.from_server->bytes().data() + 1)} + 1;
  for (;;) {
    const std::size_t here = std::min(left, ends_.from_server->bytes().size());
    ends_.metrics().add(Counter::BytesFromServer, here);
    ends_.from_server->consume(here);
    left -= here;
    if (left == 0) co_return true;
    if (co_await ends_.from_server->more() != Io::Ok) co_return false;
  }
}

}  // namespace signalbox::proxy
