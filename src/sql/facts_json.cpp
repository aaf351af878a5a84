// to_json: a plain writer; the one surprise is that a value the text does not state is an absent member.
#include "sql/facts_json.h"

#include <cstdint>

namespace signalbox::sql {
namespace {

class Writer {
 public:
  std::string take() { return std::move(out_); }

  template <class Body>
  void object(Body body) {
    open('{');
    body();
    close('}');
  }

  template <class List, class Body>
  void array(const List& list, Body body) {
    open('[');
    for (const auto& item : list) {
      separate();
      body(item);
    }
    close(']');
  }

  void key(std::string_view name) {
    separate();
    string(name);
    out_ += ':';
    pending_value_ = true;
  }

  void member(std::string_view name, std::string_view value) {
    key(name);
    string(value);
  }

  void flag(std::string_view name, bool value) {
    key(name);
    raw(value ? "true" : "false");
  }

  template <class List>
  void strings(std::string_view name, const List& list) {
    key(name);
    array(list, [&](const auto& item) { string(item); });
  }

  void raw(std::string_view text) {
    out_ += text;
    pending_value_ = false;
  }

  void string(std::string_view text);
  void literal(const Literal& value);

 private:
  void open(char bracket) {
    out_ += bracket;
    first_ = true;
    pending_value_ = false;
  }
  void close(char bracket) {
    out_ += bracket;
    first_ = false;
  }
  void separate() {
    if (pending_value_) return;
    if (!first_) out_ += ',';
    first_ = false;
  }

  std::string out_;
  bool first_ = true;
  bool pending_value_ = false;
};

/// Length of the UTF-8 character at `i`, 0 when there is none.
std::size_t utf8_length(std::string_view text, std::size_t i) {
  const auto byte = [&](std::size_t at) {
    return at < text.size() ? static_cast<unsigned char>(text[at]) : 0u;
  };
  const unsigned lead = byte(i);
  const std::size_t length = lead < 0x80                   ? 1
                             : lead >= 0xC2 && lead < 0xE0 ? 2
                             : lead >= 0xE0 && lead < 0xF0 ? 3
                             : lead >= 0xF0 && lead < 0xF5 ? 4
                                                           : 0;
  for (std::size_t k = 1; k < length; ++k)
    if ((byte(i + k) & 0xC0) != 0x80) return 0;
  if (lead == 0xE0 && byte(i + 1) < 0xA0) return 0;
  if (lead == 0xED && byte(i + 1) >= 0xA0) return 0;
  if (lead == 0xF0 && byte(i + 1) < 0x90) return 0;
  if (lead == 0xF4 && byte(i + 1) >= 0x90) return 0;
  return length;
}

void Writer::string(std::string_view text) {
  static constexpr char kDigits[] = "0123456789abcdef";
  out_ += '"';
  for (std::size_t i = 0; i < text.size();) {
    const char c = text[i];
    const std::size_t length = utf8_length(text, i);
    if (length == 0) {
      out_ += "\xEF\xBF\xBD";
    } else if (c == '"' || c == '\\') {
      out_ += '\\';
      out_ += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      out_ += "\\u00";
      out_ += kDigits[c >> 4 & 15];
      out_ += kDigits[c & 15];
    } else {
      out_ += text.substr(i, length);
    }
    i += length == 0 ? 1 : length;
  }
  out_ += '"';
  pending_value_ = false;
}

void Writer::literal(const Literal& value) {
  switch (value.kind) {
    case Literal::Kind::Unknown:
    case Literal::Kind::Parameter:
    case Literal::Kind::Null: return raw("null");
    case Literal::Kind::Boolean: return raw(value.boolean ? "true" : "false");
    case Literal::Kind::Integer: return raw(std::to_string(value.integer));
    case Literal::Kind::Decimal: return raw(value.text);
    case Literal::Kind::String: return string(value.text);
  }
}

/// A parameter that is not bound has no value yet.
bool is_known(const Literal& value) {
  return value.kind != Literal::Kind::Unknown && value.kind != Literal::Kind::Parameter;
}

void write_where(Writer& out, const std::vector<Equality>& where) {
  out.key("where");
  out.object([&] {
    for (const Equality& equality : where) {
      if (!is_known(equality.value)) continue;
      out.key(equality.column);
      out.literal(equality.value);
    }
  });
}

void write_tables(Writer& out, const StatementFacts& facts) {
  out.key("tables");
  out.array(facts.tables, [&](const TableUse& use) {
    out.object([&] {
      out.member("schema", use.schema);
      out.member("name", use.name);
      out.member("access", to_string(use.access));
      out.member("verb", use.verb);
      write_where(out, use.where);
    });
  });
  out.key("columns");
  out.array(facts.columns, [&](const ColumnUse& use) {
    out.object([&] {
      out.member("table", use.table);
      out.member("name", use.name);
      out.member("access", to_string(use.access));
      out.flag("certain", use.certain);
    });
  });
}

void write_names(Writer& out, const StatementFacts& facts) {
  out.strings("functions", facts.functions);
  out.key("routines");
  out.array(facts.routines, [&](const RoutineUse& use) {
    out.object([&] {
      out.member("schema", use.schema);
      out.member("name", use.name);
      out.member("volatility", volatility_word(use.volatility));
      out.flag("security_definer", use.security_definer);
      out.member("language", use.language);
    });
  });
  out.strings("types", facts.types);
  out.key("objects");
  out.array(facts.objects, [&](const ObjectUse& use) {
    out.object([&] {
      out.member("type", use.type);
      out.member("schema", use.schema);
      out.member("name", use.name);
    });
  });
  out.key("options");
  out.array(facts.options, [&](const ClauseOption& option) {
    out.object([&] {
      out.member("name", option.name);
      if (!is_known(option.value)) return;
      out.key("value");
      out.literal(option.value);
    });
  });
  out.member("subject", facts.subject);
}

void write_clauses(Writer& out, const StatementFacts& facts) {
  write_where(out, facts.where);
  out.flag("has_where", facts.has_where);
  out.flag("has_limit", facts.has_limit);
  if (is_known(facts.limit)) {
    out.key("limit");
    out.literal(facts.limit);
  }
  out.key("joins");
  out.array(facts.joins, [&](const Join& join) {
    out.object([&] {
      out.member("type", join.type);
      out.flag("has_condition", join.has_condition);
    });
  });
  out.key("ctes");
  out.array(facts.ctes, [&](const CommonTable& cte) {
    out.object([&] {
      out.member("name", cte.name);
      out.member("kind", cte.kind);
      out.flag("recursive", cte.recursive);
    });
  });
}

void write_session(Writer& out, const StatementFacts& facts) {
  out.key("sets");
  out.array(facts.sets, [&](const Setting& setting) {
    out.object([&] {
      out.member("name", setting.name);
      if (is_known(setting.value)) {
        out.key("value");
        out.literal(setting.value);
      }
      out.member("scope", setting.scope);
    });
  });
  out.key("locks");
  out.array(facts.locks, [&](const LockUse& lock) {
    out.object([&] {
      out.member("mode", lock.mode);
      out.member("wait", lock.wait);
    });
  });
}

void write_statement(Writer& out, const StatementFacts& facts) {
  out.member("kind", facts.kind);
  out.strings("kinds", facts.kinds);
  out.strings("categories", facts.categories);
  out.flag("read_only", facts.read_only);
  out.strings("opaque", facts.opaque);
  out.strings("effects", facts.effects);
  write_tables(out, facts);
  write_names(out, facts);
  write_clauses(out, facts);
  write_session(out, facts);
}

}  // namespace

std::string to_json(const QueryFacts& facts, std::string_view text) {
  Writer out;
  out.object([&] {
    out.member("text", text);
    if (facts.parse_error) {
      out.key("parse_error");
      out.object([&] {
        out.member("message", facts.parse_error->message);
        out.key("position");
        out.raw(std::to_string(facts.parse_error->position));
        out.member("sqlstate", facts.parse_error->sqlstate);
      });
    }
    write_statement(out, facts.whole);
    out.key("statements");
    out.array(facts.statements(), [&](const StatementFacts& one) {
      out.object([&] {
        out.member("text", text_of(one, text));
        write_statement(out, one);
      });
    });
    out.key("comment");
    out.object([&] {
      for (const CommentTag& tag : facts.comment) out.member(tag.key, tag.value);
    });
  });
  return out.take();
}

}  // namespace signalbox::sql
