// Arrays, objects, sets and comprehensions.
// The surprise: `{a | b}` is a comprehension, never a set holding a union. After a first term and `|`, the
// rest is read as a body; only when that fails at a comma was it a list after all.
#include <algorithm>
#include <numeric>

#include "policy/syntax/compare.h"
#include "policy/syntax/parser.h"

namespace signalbox::policy::ast {
namespace {

/// Of items with one key the last value stands, where the first stood: what the others say is never
/// evaluated, as in OPA.
void drop_repeated_keys(std::vector<ObjectItem>& items) {
  std::vector<std::size_t> order(items.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::stable_sort(
      order, [&](std::size_t a, std::size_t b) { return compare(items[a].key, items[b].key) < 0; });
  std::vector<bool> dropped(items.size());
  bool any = false;
  for (std::size_t i = 1, first = 0; i < order.size(); ++i) {
    if (compare(items[order[first]].key, items[order[i]].key) != 0) {
      first = i;
      continue;
    }
    items[order[first]].value = std::move(items[order[i]].value);
    dropped[order[i]] = any = true;
  }
  if (!any) return;
  std::size_t kept = 0;
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (!dropped[i] && kept++ != i) items[kept - 1] = std::move(items[i]);
  }
  items.erase(items.begin() + static_cast<std::ptrdiff_t>(kept), items.end());
}

}  // namespace

std::optional<Term> Parser::parse_array() {
  const Nest nest(*this);
  if (!nest.ok()) return {};
  Span at = span();
  scan();
  auto term = parse_array_items();
  if (!term) return {};
  at.end = state_.token_end;
  term->span = at;
  return term;
}

std::optional<Term> Parser::parse_array_items() {
  if (token() == Token::RBrack) return Term{Array{}, {}};
  bool comprehension = true;
  if (token() == Token::Comma) {  // `[, x]`: accepted for the sake of old policies
    comprehension = false;
    scan();
  }
  State start = save();
  const std::uint32_t offset = span().offset;
  auto head = parse_term();
  if (!head) return {};
  if (token() == Token::Or && comprehension) {
    scan();
    if (auto body = parse_body(Token::RBrack)) {
      return Term{ArrayComprehension{std::move(*head), std::move(*body)}, {}};
    }
    if (token() != Token::Comma) return {};
    restore(std::move(start));
    auto items = parse_term_list(Token::RBrack, {});
    if (!items) return {};
    return Term{Array{std::move(*items)}, {}};
  }
  // No list item may be `k, v in xs`, so that reading on from the first term is reading the whole item.
  auto first = parse_in_tail(std::move(*head), offset);
  if (!first) return {};
  std::vector<Term> items;
  items.push_back(std::move(*first));
  if (token() == Token::Comma) {
    scan();
    auto list = parse_term_list(Token::RBrack, std::move(items));
    if (!list) return {};
    return Term{Array{std::move(*list)}, {}};
  }
  if (token() != Token::RBrack) {
    illegal("expected \",\" or \"]\"");
    return {};
  }
  return Term{Array{std::move(items)}, {}};
}

std::optional<Term> Parser::parse_set_or_object() {
  const Nest nest(*this);
  if (!nest.ok()) return {};
  Span at = span();
  scan();
  auto term = parse_braces();
  if (!term) return {};
  at.end = state_.token_end;
  term->span = at;
  return term;
}

std::optional<Term> Parser::parse_braces() {
  if (token() == Token::RBrace) return Term{Object{}, {}};
  bool comprehension = true;
  if (token() == Token::Comma) {
    comprehension = false;
    scan();
  }
  State start = save();
  const std::uint32_t offset = span().offset;
  auto head = parse_term();
  if (!head) return {};
  switch (token()) {
    case Token::Or:
      if (comprehension) return parse_set(std::move(start), std::move(*head), true);
      break;
    case Token::RBrace:
    case Token::Comma: return parse_set(std::move(start), std::move(*head), comprehension);
    case Token::Colon: return parse_object(std::move(*head), comprehension);
    default: break;
  }
  head = parse_in_tail(std::move(*head), offset);
  if (!head) return {};
  switch (token()) {
    case Token::RBrace:
    case Token::Comma: return parse_set(std::move(start), std::move(*head), false);
    case Token::Colon: return parse_object(std::move(*head), comprehension);
    default: illegal("non-terminated set"); return {};
  }
}

std::optional<Term> Parser::parse_set(State after_brace, Term head, bool comprehension) {
  std::vector<Term> items;
  if (token() == Token::Or && comprehension) {
    scan();
    if (auto body = parse_body(Token::RBrace)) {
      return Term{SetComprehension{std::move(head), std::move(*body)}, {}};
    }
    if (token() != Token::Comma) return {};
    restore(std::move(after_brace));
  } else {
    items.push_back(std::move(head));
    if (token() == Token::RBrace) return Term{Set{std::move(items)}, {}};
    if (token() != Token::Comma) return {};
    scan();
  }
  auto list = parse_term_list(Token::RBrace, std::move(items));
  if (!list) return {};
  return Term{Set{std::move(*list)}, {}};
}

std::optional<Term> Parser::parse_object(Term key, bool comprehension) {
  scan();  // over ':'
  const std::uint32_t offset = span().offset;
  State start = save();
  auto value = parse_term();
  if (!value) return {};
  const bool ended = token() == Token::RBrace || token() == Token::Comma;
  if (comprehension && (ended || token() == Token::Or)) {
    if (auto term = parse_object_finish(key, std::move(*value), true)) return term;
    restore(std::move(start));
    if (ended) {  // as OPA has it: what is wrong further on is reported at the first value
      illegal("non-terminated object");
      return {};
    }
    value = parse_infix_in_list();
  } else if (!ended) {
    value = parse_in_tail(std::move(*value), offset);
  }
  if (!value) return {};
  if (token() == Token::RBrace || token() == Token::Comma) {
    return parse_object_finish(std::move(key), std::move(*value), false);
  }
  illegal("non-terminated object");
  return {};
}

std::optional<Term> Parser::parse_object_finish(Term key, Term value, bool comprehension) {
  if (token() == Token::Or && comprehension) {
    scan();
    auto body = parse_body(Token::RBrace);
    if (!body) return {};
    return Term{ObjectComprehension{std::move(key), std::move(value), std::move(*body)}, {}};
  }
  std::vector<ObjectItem> items;
  items.push_back({std::move(key), std::move(value)});
  if (token() == Token::RBrace) return Term{Object{std::move(items)}, {}};
  scan();  // over ','
  auto list = parse_item_list(Token::RBrace, std::move(items));
  if (!list) return {};
  if (!repeated_keys_) drop_repeated_keys(*list);
  return Term{Object{std::move(*list)}, {}};
}

namespace {
std::string expected_comma_or(Token end) {
  return "expected \",\" or \"" + std::string(token_name(end)) + "\"";
}
}  // namespace

std::optional<std::vector<Term>> Parser::parse_term_list(Token end, std::vector<Term> items) {
  while (token() != end) {
    auto term = parse_infix_in_list();
    if (!term) return {};
    items.push_back(std::move(*term));
    if (token() == end) break;
    if (token() != Token::Comma) {
      illegal(expected_comma_or(end));
      return {};
    }
    scan();
  }
  return items;
}

std::optional<std::vector<ObjectItem>> Parser::parse_item_list(Token end, std::vector<ObjectItem> items) {
  while (token() != end) {
    auto key = parse_infix_in_list();
    if (!key) return {};
    if (token() != Token::Colon) {
      illegal("expected \":\"");
      return {};
    }
    scan();
    auto value = parse_infix_in_list();
    if (!value) return {};
    items.push_back({std::move(*key), std::move(*value)});
    if (token() == end) break;
    if (token() != Token::Comma) {
      illegal(expected_comma_or(end));
      return {};
    }
    scan();
  }
  return items;
}

}  // namespace signalbox::policy::ast
