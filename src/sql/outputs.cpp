// Finding a result's column among the outputs: by place as far as the text fixes the places, else by name.
#include "sql/outputs.h"

#include <algorithm>

#include "sql/grammar.h"

namespace signalbox::sql {
namespace {

/// A column of this name may be one of what the output stands for.
bool may_be(const Output& output, std::string_view name) {
  return output.star || output.name.empty() || output.name == name;
}

/// What the output says of its column of this name.
Output narrowed(const Output& output, std::string_view name) {
  Output one = output;
  one.star = false;
  one.name = name;
  if (output.star && output.direct) one.sources.front().column = name;
  return one;
}

Output unknown() {
  Output output;
  output.opaque = true;
  return output;
}

}  // namespace

void merge(Output& into, const Output& other) {
  into.direct = into.direct && other.direct;
  into.opaque = into.opaque || other.opaque;
  into.combined = into.combined || other.combined;
  for (const OutputSource& source : other.sources) {
    if (std::ranges::find(into.sources, source) == into.sources.end()) into.sources.push_back(source);
  }
}

Output Outputs::of(std::string_view name, std::size_t place, std::size_t count) const {
  if (positional) return count == columns.size() ? narrowed(columns[place], name) : unknown();
  // A name may stand for several columns, so all that may be called so count.
  Output all = unknown();
  bool found = false;
  for (const Output& output : columns) {
    if (!may_be(output, name)) continue;
    if (!found) {
      all = narrowed(output, name);
    } else {
      merge(all, narrowed(output, name));
    }
    found = true;
  }
  return all;
}

Outputs outputs(std::string_view text, std::uint32_t index, bool carried, const AnalyzeOptions& options) {
  if (text.size() > options.max_bytes || text.find('\0') != std::string_view::npos) {
    return {.positional = false, .columns = {}};
  }
  return grammar_for(options.server_version).outputs(text, index, carried, options);
}

}  // namespace signalbox::sql
