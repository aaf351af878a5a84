// Tables and JSON of metrics and profiles. A line of the query is named by its text, as OPA names it.
#include "app/cli/metrics_text.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>

#include "app/cli/box_table.h"
#include "app/cli/duration.h"
#include "app/cli/json_text.h"

namespace signalbox::app::cli {
namespace {

using Rows = std::vector<std::vector<std::string>>;

/// As Go prints a float64 with %v: the shortest digits, an exponent from a million on.
std::string go_number(double value) {
  char text[64];
  const double size = std::fabs(value);
  const auto form =
      size != 0 && (size < 1e-4 || size >= 1e6) ? std::chars_format::scientific : std::chars_format::fixed;
  const auto [end, problem] = std::to_chars(text, text + sizeof text, value, form);
  return problem == std::errc() ? std::string(text, end) : fmt::format("{}", value);
}

std::string nanoseconds(const Statistics& statistics, const char* which) {
  return to_go_text(std::chrono::nanoseconds(std::llround(statistics.at(which))));
}

std::string place_of(const EvalResult& result, const policy::LineProfile& line) {
  if (!line.at.file.empty()) return fmt::format("{}:{}", line.at.file, line.at.row);
  for (const auto& [text, at] : result.expressions) {
    if (at.row == line.at.row && at.col == line.at.col) return text;
  }
  return fmt::format("query:{}", line.at.row);
}

void append_counts(std::vector<std::string>& row, const EvalResult& result, const policy::LineProfile& line) {
  row.insert(row.end(), {std::to_string(line.num_eval), std::to_string(line.num_redo),
                         std::to_string(line.num_gen_expr), place_of(result, line)});
}

std::string plain_tables(const EvalResult& result) {
  std::string out;
  Rows metrics, lines;
  for (const auto& [name, value] : result.metrics) metrics.push_back({name, std::to_string(value)});
  if (!metrics.empty()) out += box_table({"Metric", "Value"}, metrics);
  if (!result.profile) return out;
  for (const auto& line : *result.profile) {
    auto& row = lines.emplace_back();
    row.push_back(to_go_text(std::chrono::nanoseconds(line.total_time_ns)));
    append_counts(row, result, line);
  }
  if (lines.empty()) return out;
  return out + box_table({"Time", "Num Eval", "Num Redo", "Num Gen Expr", "Location"}, lines);
}

}  // namespace

std::string metrics_tables(const EvalResult& result) {
  std::string out = plain_tables(result);
  Rows metrics, lines;
  for (const auto& [name, s] : result.aggregated_metrics) {
    metrics.push_back({name, fmt::format("{:.0f}", s.at("min")), fmt::format("{:.0f}", s.at("max")),
                       go_number(s.at("mean")), go_number(s.at("90%")), go_number(s.at("99%"))});
  }
  if (!metrics.empty()) out += box_table({"Metric", "Min", "Max", "Mean", "90%", "99%"}, metrics);
  for (const auto& [line, s] : result.aggregated_profile) {
    auto& row = lines.emplace_back();
    for (const char* which : {"min", "max", "mean", "90%", "99%"}) row.push_back(nanoseconds(s, which));
    append_counts(row, result, line);
  }
  if (lines.empty()) return out;
  return out +
         box_table({"Min", "Max", "Mean", "90%", "99%", "Num Eval", "Num Redo", "Num Gen Expr", "Location"},
                   lines);
}

std::string aggregated_metrics_json(const EvalResult& result) {
  std::string out = "{";
  for (const auto& [name, statistics] : result.aggregated_metrics)
    out += (out.size() > 1 ? "," : "") + json_string(name) + ":" + to_json(statistics);
  return out + "}";
}

std::string aggregated_profile_json(const EvalResult& result) {
  std::string out = "[";
  for (const auto& [line, statistics] : result.aggregated_profile) {
    out += fmt::format(
        R"({}{{"total_time_ns_stats":{},"num_eval":{},"num_redo":{},"num_gen_expr":{},"location":{}}})",
        out.size() > 1 ? "," : "", to_json(statistics), line.num_eval, line.num_redo, line.num_gen_expr,
        json_location(line.at));
  }
  return out + "]";
}

}  // namespace signalbox::app::cli
