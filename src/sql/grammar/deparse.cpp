// A tree as text, by libpg_query, with the proof that the text means the tree: it is parsed again, and the
// two trees must be equal() as the server means it: but for the places in the text.
//
// The surprises: the library's functions are recursive, hence is_shallow; and Debian's hides the one that
// writes a tree, so that with it the tree becomes a message first.
#include <algorithm>
#include <cstdlib>
#include <optional>
#include <vector>

#include "sql/grammar/children.h"
#include "sql/grammar/make_nodes.h"
#include "sql/grammar/parse.h"
#include "sql/grammar/rewriter.h"

extern "C" {
#ifdef SIGNALBOX_SERVER_HEADERS
#include "pg_query.h"
//
PgQueryProtobuf pg_query_nodes_to_protobuf(const void* tree);
#else
#include "lib/stringinfo.h"
//
void deparseRawStmt(StringInfo text, RawStmt* statement);
#endif
/// The server's equal(), which has another symbol in each grammar; renamed by a macro, std::equal would go
/// with it.
bool equal_trees(const void* one, const void* other) asm(SIGNALBOX_EQUAL);
}

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

/// Nothing when the library cannot write it.
#ifdef SIGNALBOX_SERVER_HEADERS
std::optional<std::string> written(const List* statements) {
  PgQueryProtobuf message = pg_query_nodes_to_protobuf(statements);
  const PgQueryDeparseResult result = pg_query_deparse_protobuf(message);
  std::free(message.data);
  std::optional<std::string> text;
  if (result.error == nullptr) text = text_of(result.query);
  pg_query_free_deparse_result(result);
  return text;
}
#else
std::optional<std::string> written(const List* statements) {
  const char* volatile text = nullptr;
  const ErrorData* error = caught(CurrentMemoryContext, [&] {
    // a copy, since writing takes lists apart
    auto* statement = static_cast<RawStmt*>(copyObjectImpl(nth(statements, 0)));
    StringInfoData out;
    initStringInfo(&out);
    deparseRawStmt(&out, statement);
    text = out.data;
  });
  if (error != nullptr) return std::nullopt;
  return std::string(text_of(text));
}
#endif

bool is_same(const List* one, const List* other) {
  volatile bool same = false;
  const ErrorData* error = caught(CurrentMemoryContext, [&] { same = equal_trees(one, other); });
  return error == nullptr && same;
}

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

std::expected<std::string, RewriteError> deparse(List* statements, const AnalyzeOptions& options) {
  for (const ListCell& cell : Cells(statements)) {
    auto* raw = mutable_as<RawStmt>(in(cell));
    raw->stmt_location = raw->stmt_len = 0;
  }
  const std::optional<std::string> text = written(statements);
  if (!text) return std::unexpected(RewriteError{"it cannot be written out again"});
  const RawTree again(*text, options);
  if (again.error() || !is_same(statements, again.statements()))
    return std::unexpected(RewriteError{"it cannot be written out without changing what it means"});
  return *text;
}

}  // namespace signalbox::sql::SIGNALBOX_GRAMMAR
