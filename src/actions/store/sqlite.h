// A thin wrapper of SQLite: connections and prepared statements with ownership and Results. The only file of
// the room that sees sqlite3.h is sqlite.cpp. A connection belongs to one thread at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

struct sqlite3;
struct sqlite3_stmt;

namespace signalbox::actions::sqlite {

/// One prepared statement. Bound text and blobs are borrowed until reset().
class Statement {
 public:
  Statement() = default;
  Statement(sqlite3* connection, sqlite3_stmt* statement) : connection_(connection), statement_(statement) {}

  /// Parameters count from 1.
  Statement& bind(int index, std::int64_t value);
  Statement& bind(int index, std::string_view text);
  Statement& bind_blob(int index, std::string_view bytes);
  Statement& bind_null(int index);

  /// True: a row is there. False: done (and reset).
  Result<bool> step();
  /// Steps to the end and resets. The number of changed rows.
  Result<std::int64_t> run();
  void reset();

  /// Columns count from 0; views are valid until the next step.
  std::int64_t integer(int column) const;
  std::string_view text(int column) const;

 private:
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const;
  };
  sqlite3* connection_ = nullptr;
  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
};

enum class Mode : std::uint8_t { ReadOnly, ReadWriteCreate };

class Database {
 public:
  static Result<Database> open(const std::string& path, Mode mode);

  /// One or several statements without parameters.
  Result<void> execute(const char* sql);
  Result<Statement> prepare(std::string_view sql);
  /// The first column of the first row; 0 when there is none.
  Result<std::int64_t> integer(std::string_view sql);

 private:
  struct Close {
    void operator()(sqlite3* connection) const;
  };
  std::unique_ptr<sqlite3, Close> connection_;
};

}  // namespace signalbox::actions::sqlite
