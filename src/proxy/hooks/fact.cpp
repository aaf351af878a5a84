// The table put together, and the lazy parse of the statement.
#include "proxy/hooks/fact.h"

#include <algorithm>
#include <charconv>
#include <vector>

#include "sql/analyze.h"

namespace signalbox::proxy {

std::span<const Fact> facts() {
  static const std::vector<Fact> all = [] {
    std::vector<Fact> rows;
    for (const auto group : {connection_facts(), query_facts(), response_facts()}) {
      rows.insert(rows.end(), group.begin(), group.end());
    }
    std::ranges::sort(rows, {}, &Fact::path);
    return rows;
  }();
  return all;
}

sql::QueryFacts analyze_for(const Event& event) {
  sql::AnalyzeOptions options;
  if (event.session != nullptr) {
    for (const auto& [name, value] : event.session->parameters) {
      if (name == "standard_conforming_strings") options.standard_conforming_strings = value != "off";
      if (name == "client_encoding") options.client_encoding = value;
    }
  }
  if (event.server != nullptr) {
    const std::string& version = event.server->version;
    std::from_chars(version.data(), version.data() + version.size(), options.server_version);
  }
  sql::QueryFacts facts = sql::analyze(event.query->text, options);
  if (event.query->parameters != nullptr) {
    std::vector<sql::BoundParameter> bound;
    for (const ParameterFact& one : *event.query->parameters) {
      bound.push_back({.type = one.type, .binary = one.binary, .null = one.null, .bytes = one.value});
    }
    sql::bind_parameters(facts, bound);
  }
  return facts;
}

const sql::QueryFacts& EventView::query() const {
  if (!query_) query_ = std::make_shared<const sql::QueryFacts>(analyze_for(event_));
  return *query_;
}

}  // namespace signalbox::proxy
