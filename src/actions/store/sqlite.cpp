// See sqlite.h. Errors carry SQLite's message and its extended code; what may pass by itself (full disk,
// busy) is Unavailable, damaged files are Corrupt.
#include "actions/store/sqlite.h"

#include <fmt/format.h>
#include <sqlite3.h>

namespace signalbox::actions::sqlite {

namespace {

std::unexpected<Error> failure(sqlite3* connection, std::string_view doing) {
  const int code = connection != nullptr ? sqlite3_extended_errcode(connection) : SQLITE_NOMEM;
  const char* message = connection != nullptr ? sqlite3_errmsg(connection) : "out of memory";
  ErrorCode kind = ErrorCode::Io;
  switch (code & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_FULL: kind = ErrorCode::Unavailable; break;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB: kind = ErrorCode::Corrupt; break;
    case SQLITE_CONSTRAINT: kind = ErrorCode::AlreadyExists; break;
    case SQLITE_ERROR:
    case SQLITE_MISUSE: kind = ErrorCode::Internal; break;
    default: break;
  }
  return fail(kind, fmt::format("SQLite: {}: {} (code {})", doing, message, code));
}

}  // namespace

void Statement::Finalize::operator()(sqlite3_stmt* statement) const {
  sqlite3_finalize(statement);
}

Statement& Statement::bind(int index, std::int64_t value) {
  sqlite3_bind_int64(statement_.get(), index, value);
  return *this;
}

Statement& Statement::bind(int index, std::string_view text) {
  sqlite3_bind_text64(statement_.get(), index, text.empty() ? "" : text.data(), text.size(), SQLITE_STATIC,
                      SQLITE_UTF8);
  return *this;
}

Statement& Statement::bind_blob(int index, std::string_view bytes) {
  sqlite3_bind_blob64(statement_.get(), index, bytes.empty() ? "" : bytes.data(), bytes.size(),
                      SQLITE_STATIC);
  return *this;
}

Statement& Statement::bind_null(int index) {
  sqlite3_bind_null(statement_.get(), index);
  return *this;
}

Result<bool> Statement::step() {
  switch (sqlite3_step(statement_.get())) {
    case SQLITE_ROW: return true;
    case SQLITE_DONE: reset(); return false;
    default: {
      auto error = failure(connection_, "step");
      reset();
      return error;
    }
  }
}

Result<std::int64_t> Statement::run() {
  for (;;) {
    auto row = step();
    if (!row) return std::unexpected(row.error());
    if (!*row) return sqlite3_changes64(connection_);
  }
}

void Statement::reset() {
  sqlite3_reset(statement_.get());
}

std::int64_t Statement::integer(int column) const {
  return sqlite3_column_int64(statement_.get(), column);
}

std::string_view Statement::text(int column) const {
  const void* bytes = sqlite3_column_blob(statement_.get(), column);
  const int size = sqlite3_column_bytes(statement_.get(), column);
  return bytes == nullptr ? std::string_view{}
                          : std::string_view(static_cast<const char*>(bytes), static_cast<std::size_t>(size));
}

void Database::Close::operator()(sqlite3* connection) const {
  sqlite3_close_v2(connection);
}

Result<Database> Database::open(const std::string& path, Mode mode) {
  const int flags =
      mode == Mode::ReadOnly ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
  sqlite3* connection = nullptr;
  const int code = sqlite3_open_v2(path.c_str(), &connection, flags | SQLITE_OPEN_NOMUTEX, nullptr);
  Database database;
  database.connection_.reset(connection);
  if (code != SQLITE_OK) return failure(connection, fmt::format("open {}", path));
  sqlite3_busy_timeout(connection, 5000);
  return database;
}

Result<void> Database::execute(const char* sql) {
  if (sqlite3_exec(connection_.get(), sql, nullptr, nullptr, nullptr) != SQLITE_OK) {
    return failure(connection_.get(), std::string_view(sql).substr(0, 60));
  }
  return {};
}

Result<Statement> Database::prepare(std::string_view sql) {
  sqlite3_stmt* statement = nullptr;
  if (sqlite3_prepare_v3(connection_.get(), sql.data(), static_cast<int>(sql.size()),
                         SQLITE_PREPARE_PERSISTENT, &statement, nullptr) != SQLITE_OK) {
    return failure(connection_.get(), sql.substr(0, 60));
  }
  return Statement(connection_.get(), statement);
}

Result<std::int64_t> Database::integer(std::string_view sql) {
  auto statement = prepare(sql);
  if (!statement) return std::unexpected(statement.error());
  auto row = statement->step();
  if (!row) return std::unexpected(row.error());
  return *row ? statement->integer(0) : 0;
}

}  // namespace signalbox::actions::sqlite
