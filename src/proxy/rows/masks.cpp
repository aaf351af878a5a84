// Which mask a column gets. A column that is a masked one, unchanged, gets that mask; one that is made of it
// gets `full`, because `partial` of ever other pieces would tell it all; one that nobody can trace too.
#include "proxy/rows/masks.h"

#include <algorithm>

namespace signalbox::proxy {
namespace {

/// `*` matches any characters.
bool glob(std::string_view pattern, std::string_view text) {
  std::size_t p = 0, t = 0, star = std::string_view::npos, mark = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++, mark = t;
    } else if (p < pattern.size() && pattern[p] == text[t]) {
      ++p, ++t;
    } else if (star != std::string_view::npos) {
      p = star + 1, t = ++mark;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

MaskerPtr full_mask() {
  static const MaskerPtr full = std::make_shared<const actions::Masker>(actions::Masker::compile({}).value());
  return full;
}

/// The type of values that are a column's, unchanged; 0 = not known.
std::uint32_t common_type(const sql::Output& output, const ColumnType& type_of) {
  if (!output.direct || output.opaque || output.star || output.sources.empty()) return 0;
  const std::uint32_t type = type_of(output.sources.front());
  const bool same = std::ranges::all_of(
      output.sources, [&](const sql::OutputSource& source) { return type_of(source) == type; });
  return same ? type : 0;
}

/// RE2's rewrite string for this text as it is.
std::string literal_replacement(std::string_view value) {
  std::string out;
  for (const char c : value) {
    if (c == '\\') out += '\\';
    out += c;
  }
  return out;
}

Result<actions::MaskRule> rule_of(const actions::Parameters& given, const MaskingKeys& keys) {
  const std::string mask = given.text_or("mask", "full");
  actions::MaskRule rule;
  if (mask == "value") {
    rule.kind = actions::MaskKind::Regex;
    rule.pattern = "(?s)\\A.*\\z";
    rule.replacement = literal_replacement(given.text_or("value", ""));
    return rule;
  }
  rule.kind = actions::mask_kind_named(mask).value_or(actions::MaskKind::Full);
  rule.first = static_cast<std::uint32_t>(given.integer("first").value_or(0));
  rule.last = static_cast<std::uint32_t>(given.integer("last").value_or(mask == "keep_last" ? 4 : 0));
  rule.fill = given.text_or("fill", "*");
  rule.pattern = given.text_or("pattern", "");
  rule.replacement = given.text_or("replacement", "");
  if (const auto name = given.text("key")) {
    const auto key = std::ranges::find(keys, *name, &std::pair<std::string, std::string>::first);
    if (key == keys.end()) return fail(ErrorCode::InvalidArgument, "there is no masking key " + *name);
    rule.key = key->second;
  }
  return rule;
}

}  // namespace

ColumnPattern::ColumnPattern(std::string_view text) {
  const auto last = text.rfind('.');
  column = text.substr(last == std::string_view::npos ? 0 : last + 1);
  if (last == std::string_view::npos) return;
  text = text.substr(0, last);
  const auto dot = text.rfind('.');
  table = text.substr(dot == std::string_view::npos ? 0 : dot + 1);
  if (dot != std::string_view::npos) schema = text.substr(0, dot);
}

bool ColumnPattern::matches_table(std::string_view schema_name, std::string_view table_name) const {
  if (!table.empty() && !table_name.empty() && !glob(table, table_name)) return false;
  return schema.empty() || schema_name.empty() || glob(schema, schema_name);
}

bool ColumnPattern::matches(const sql::OutputSource& source) const {
  return matches_table(source.schema, source.table) && (source.column == "*" || glob(column, source.column));
}

Result<void> Masks::add(const actions::Parameters& given, const MaskingKeys& keys) {
  const bool passes_opaque = given.text_or("opaque", "mask") == "pass";
  const auto patterns = [&](std::string_view name) {
    std::vector<ColumnPattern> all;
    for (const std::string& text : given.text_list(name)) all.emplace_back(text);
    return all;
  };
  if (given.has("columns")) {
    const auto rule = rule_of(given, keys);
    if (!rule) return std::unexpected(rule.error());
    auto masker = actions::Masker::compile(*rule);
    if (!masker) return std::unexpected(masker.error());
    orders_.push_back({.columns = patterns("columns"),
                       .masker = std::make_shared<const actions::Masker>(std::move(*masker)),
                       .passes_opaque = passes_opaque});
  } else if (given.has("mask")) {
    return fail(ErrorCode::InvalidArgument, "a mask needs columns");
  }
  if (given.has("drop"))
    orders_.push_back({.columns = patterns("drop"), .masker = nullptr, .passes_opaque = passes_opaque});
  if (const auto rows = given.integer("rows")) {
    const auto most = static_cast<std::uint64_t>(std::max<std::int64_t>(*rows, 0));
    most_rows_ = std::min(most_rows_.value_or(most), most);
  }
  return {};
}

ColumnEdit Masks::edit_of(const sql::Output& output, std::uint32_t type, std::int16_t format) const {
  ColumnEdit edit{.type = type, .format = format, .dropped = false, .masks = {}};
  for (const Order& order : orders_) {
    const bool hit = std::ranges::any_of(output.sources, [&](const sql::OutputSource& source) {
      return std::ranges::any_of(order.columns,
                                 [&](const ColumnPattern& column) { return column.matches(source); });
    });
    if (!hit && (!output.opaque || order.passes_opaque)) continue;
    if (order.masker == nullptr && hit) {
      edit.dropped = true;
    } else {
      edit.masks.push_back(hit && output.direct && !output.opaque ? order.masker : full_mask());
    }
  }
  return edit;
}

RowEdit Masks::edit(const sql::Outputs& outputs, const std::vector<wire::DescribedColumn>& columns) const {
  std::vector<ColumnEdit> edits;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    const wire::DescribedColumn& column = columns[i];
    if (orders_.empty()) {
      edits.push_back({.type = column.type, .format = column.format, .dropped = false, .masks = {}});
      continue;
    }
    sql::Output output = outputs.of(column.name, i, columns.size());
    // The server says that this is no table's column: t.f, then, is the function f of the whole row t.
    if (output.direct && !output.combined && column.table == 0) {
      output.direct = false;
      for (sql::OutputSource& source : output.sources) source.column = "*";
    }
    edits.push_back(edit_of(output, column.type, column.format));
  }
  return {std::move(edits), most_rows_};
}

Result<RowEdit> Masks::edit(const sql::Outputs& outputs, const wire::CopyFormat& format,
                            const ColumnType& type_of) const {
  std::vector<ColumnEdit> edits(format.columns.size());
  if (orders_.empty()) return RowEdit(std::move(edits), most_rows_);
  for (std::size_t i = 0; i < edits.size(); ++i) {
    sql::Output output;
    if (outputs.positional) {
      output = outputs.of({}, i, edits.size());
    } else {  // any of them
      for (const sql::Output& one : outputs.columns) sql::merge(output, one);
      output.opaque = output.opaque || outputs.columns.empty();
    }
    edits[i] = edit_of(output, type_of ? common_type(output, type_of) : 0, format.columns[i]);
    if (!outputs.positional && (edits[i].dropped || !edits[i].masks.empty()))
      return fail(ErrorCode::InvalidArgument, "a COPY of masked columns must name its columns");
  }
  return RowEdit(std::move(edits), most_rows_);
}

bool Masks::concern(const sql::StatementFacts& facts) const {
  if (orders_.empty()) return false;
  const auto opaque =
      std::ranges::any_of(facts.opaque, [](std::string_view why) { return why != "operator"; });
  return std::ranges::any_of(orders_, [&](const Order& order) {
    if (opaque && !order.passes_opaque) return true;
    return std::ranges::any_of(order.columns, [&](const ColumnPattern& pattern) {
      return std::ranges::any_of(facts.columns, [&](const sql::ColumnUse& use) {
        return pattern.matches({.schema = {}, .table = use.table, .column = use.name});
      });
    });
  });
}

bool Masks::concern_writes(const sql::StatementFacts& facts) const {
  return std::ranges::any_of(facts.tables, [&](const sql::TableUse& use) {
    if (use.access != sql::Access::Write && use.access != sql::Access::Define) return false;
    return std::ranges::any_of(orders_, [&](const Order& order) {
      return std::ranges::any_of(order.columns, [&](const ColumnPattern& pattern) {
        return pattern.matches_table(use.schema, use.name);
      });
    });
  });
}

}  // namespace signalbox::proxy
