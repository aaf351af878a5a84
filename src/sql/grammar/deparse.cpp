// A tree as text, by libpg_query, with the proof that the text means the tree: it is parsed again, and the
// two trees must be equal but for the places in the text.
//
// The surprise: the library's functions are recursive, and write the tree as a message first; hence
// is_shallow.
#include <algorithm>
#include <cstdlib>
#include <vector>

#include "sql/grammar/children.h"
#include "sql/grammar/make_nodes.h"
#include "sql/grammar/rewriter.h"

#ifdef SIGNALBOX_SERVER_HEADERS
extern "C" {
#include "pg_query.h"
//
PgQueryProtobuf pg_query_nodes_to_protobuf(const void* tree);
char* pg_query_nodes_to_json(const void* tree);
}
#endif

namespace signalbox::sql::SIGNALBOX_GRAMMAR {
namespace {

constexpr int kDeepest = 1000;

/// Visits every node; stops when `look` says false.
template <class Look>
bool each_node(const List* statements, Look look) {
  struct Item {
    const Node* node;
    int depth;
  };
  std::vector<Item> stack;
  for (const ListCell& cell : Cells(statements)) stack.push_back({in<RawStmt>(cell)->stmt, 1});
  while (!stack.empty()) {
    const Item item = stack.back();
    stack.pop_back();
    if (item.node == nullptr) continue;
    if (!look(item.node, item.depth)) return false;
    if (is_leaf(item.node)) continue;
    const auto push = [&](const void* child) { stack.push_back({as<Node>(child), item.depth + 1}); };
    if (IsA(item.node, List)) {
      for (const ListCell& cell : Cells(as<List>(item.node))) push(cell.ptr_value);
    } else {
      for_children(item.node, push);
    }
  }
  return true;
}

#ifdef SIGNALBOX_SERVER_HEADERS
/// The tree without what says where it stood in a text.
std::string meaning_of(const List* statements) {
  const char* raw = pg_query_nodes_to_json(statements);
  const std::string_view json = raw == nullptr ? "" : raw;
  std::string out;
  for (std::size_t at = 0; at < json.size();) {
    std::size_t end = json.find('"', at);
    if (end == std::string_view::npos) end = json.size();
    out += json.substr(at, end - at);
    if (end == json.size()) break;
    std::size_t close = end + 1;
    while (close < json.size() && json[close] != '"') close += json[close] == '\\' ? 2 : 1;
    const std::string_view word = json.substr(end + 1, close - end - 1);
    at = close + 1;
    const bool key = at < json.size() && json[at] == ':';
    const bool place = key && (word.ends_with("location") || word == "stmt_len");
    if (!place) {
      out += json.substr(end, at - end);
      continue;
    }
    while (at < json.size() && json[at] != ',' && json[at] != '}') ++at;
    if (at < json.size() && json[at] == ',') {
      ++at;
    } else if (out.ends_with(',')) {
      out.pop_back();
    }
  }
  return out;
}
#endif

}  // namespace

bool is_shallow(const List* statements) {
  return each_node(statements, [](const Node*, int depth) { return depth <= kDeepest; });
}

std::vector<std::int32_t> parameters_of(const List* statements) {
  std::vector<std::int32_t> numbers;
  each_node(statements, [&](const Node* node, int) {
    if (IsA(node, ParamRef)) numbers.push_back(as<ParamRef>(node)->number);
    return true;
  });
  std::ranges::sort(numbers);
  const auto same = std::ranges::unique(numbers);
  numbers.erase(same.begin(), same.end());
  return numbers;
}

#ifdef SIGNALBOX_SERVER_HEADERS
std::expected<std::string, RewriteError> deparse(List* statements, const AnalyzeOptions& options) {
  for (const ListCell& cell : Cells(statements)) {
    auto* raw = mutable_as<RawStmt>(in(cell));
    raw->stmt_location = raw->stmt_len = 0;
  }
  const std::string meant = meaning_of(statements);
  PgQueryProtobuf message = pg_query_nodes_to_protobuf(statements);
  const PgQueryDeparseResult written = pg_query_deparse_protobuf(message);
  std::free(message.data);
  std::expected<std::string, RewriteError> text;
  if (written.error == nullptr) {
    text = std::string(text_of(written.query));
  } else {
    text = std::unexpected(RewriteError{"it cannot be written out again"});
  }
  pg_query_free_deparse_result(written);
  if (!text) return text;
  const RawTree again(*text, options);
  if (again.error() || meaning_of(again.statements()) != meant)
    return std::unexpected(RewriteError{"it cannot be written out without changing what it means"});
  return text;
}
#else
std::expected<std::string, RewriteError> deparse(List*, const AnalyzeOptions&) {
  return std::unexpected(RewriteError{"this server's grammar cannot be written out by this build"});
}
#endif

}  // namespace signalbox::sql::SIGNALBOX_GRAMMAR
