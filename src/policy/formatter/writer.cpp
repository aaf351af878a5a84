// Lines, indentation, comments and places.
#include "policy/formatter/writer.h"

#include <algorithm>

namespace signalbox::policy::fmt_rego {
namespace {

bool is_metadata(const ast::Comment& comment) {
  const auto first = comment.text.find_first_not_of(" \t");
  return comment.span.col == 1 && first != std::string::npos &&
         std::string_view(comment.text).substr(first).starts_with("METADATA");
}

/// Moves `i` behind the bracket that closes the first `open`; counts lines.
void skip_past(char open, char close, std::string_view text, std::size_t& i, std::int64_t& lines) {
  while (i < text.size() && text[i] != open) ++i;
  for (int depth = 1; depth > 0;) {
    if (++i >= text.size()) return;
    if (text[i] == open) ++depth;
    if (text[i] == close) --depth;
    if (text[i] == '\n') ++lines;
  }
}

}  // namespace

std::int64_t closing_row(char open, char close, const Place& at, char skip_open, char skip_close) {
  std::size_t i = 0;
  std::int64_t lines = 0;
  if (skip_open != 0) skip_past(skip_open, skip_close, at.text, i, lines);
  while (i < at.text.size() && at.text[i] != open) ++i;
  if (i >= at.text.size()) return -1;
  for (int depth = 1; depth > 0;) {
    if (++i >= at.text.size()) return -1;
    if (at.text[i] == open) ++depth;
    if (at.text[i] == close) --depth;
    if (at.text[i] == '\n') ++lines;
  }
  return at.row + lines;
}

std::int64_t last_row_of(const Place& at) {
  return at.row + std::ranges::count(at.text, '\n');
}

Place Writer::place(const ast::Span& span) const {
  return {span.row, span.col, span.offset, span.text(*module_.source)};
}

void Writer::start_line() {
  inline_ = true;
  out_.append(static_cast<std::size_t>(level_), '\t');
}

void Writer::end_line() {
  inline_ = false;
  if (before_end_ != nullptr && !delay_) {
    write(" " + text_of(*before_end_));
    before_end_ = nullptr;
  }
  delay_ = false;
  out_ += '\n';
}

void Writer::blank_line() {
  if (inline_) end_line();
  out_ += '\n';
}

void Writer::write_line(std::string_view text) {
  if (!inline_) start_line();
  write(text);
  end_line();
}

void Writer::write_comments(const Comments& comments) {
  bool in_metadata = false;
  for (std::size_t i = 0; i < comments.size(); ++i) {
    if (i > 0) {
      const std::int64_t gap = std::int64_t{comments[i]->span.row} - comments[i - 1]->span.row;
      if (gap > 1) {
        blank_line();
        in_metadata = false;
      } else if (gap == 1 && in_metadata && is_metadata(*comments[i])) {
        blank_line();
      }
    }
    in_metadata = in_metadata || is_metadata(*comments[i]);
    write_line(text_of(*comments[i]));
  }
}

/// Takes the comments above `row` out of the list; `at` becomes the one on it.
Writer::Comments Writer::take_before(std::int64_t row, const ast::Comment*& at) {
  Comments before;
  Comments after;
  at = nullptr;
  for (const ast::Comment* comment : comments_) {
    if (comment->span.row < row) {
      before.push_back(comment);
    } else if (comment->span.row > row) {
      after.push_back(comment);
    } else {
      at = comment;
    }
  }
  comments_ = std::move(after);
  return before;
}

/// Writes the comments above `row`; the one on it waits for the end of the line.
bool Writer::insert_comments(std::int64_t row) {
  const ast::Comment* at = nullptr;
  const Comments before = take_before(row, at);
  write_comments(before);
  if (!before.empty() && row - before.back()->span.row > 1) blank_line();
  return before_line_end(at);
}

bool Writer::before_line_end(const ast::Comment* comment) {
  if (before_end_ == nullptr) {
    before_end_ = comment;
    return true;
  }
  if (comment == nullptr) return true;
  before_end_ = nullptr;
  return false;
}

/// The text as it stands, with what comments it holds.
bool Writer::write_unformatted(const Place& at) {
  write(at.text);
  const std::int64_t last = last_row_of(at);
  Comments kept;
  for (const ast::Comment* comment : comments_) {
    if (comment_on_final_line_ && comment->span.row == last) {
      write(" " + text_of(*comment));
    } else if (comment->span.row >= last) {
      kept.push_back(comment);
    }
  }
  comments_ = std::move(kept);
  return true;
}

Writer::Writer(const ast::Module& module, LayoutOptions options)
    : module_(module), options_(std::move(options)) {}

}  // namespace signalbox::policy::fmt_rego
