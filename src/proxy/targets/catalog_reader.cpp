// The catalogue's rows over a connection of libpq's. Surprise: the connection is made anew for each reading,
// because one a minute costs the server less than one that is kept; and everything about it is bounded: the
// time, the number of rows and their bytes.
#include <libpq-fe.h>

#include <charconv>
#include <cstring>
#include <functional>
#include <memory>
#include <unordered_map>

#include "proxy/targets/catalogs.h"

namespace signalbox::proxy {
namespace {

constexpr std::size_t kMaxRows = 2'000'000;
constexpr std::size_t kMaxBytes = std::size_t{512} << 20;

struct Finish {
  void operator()(PGconn* connection) const { ::PQfinish(connection); }
};
struct Clear {
  void operator()(PGresult* result) const { ::PQclear(result); }
};
using Connection = std::unique_ptr<PGconn, Finish>;
using Answer = std::unique_ptr<PGresult, Clear>;

const char* mode_of(SslMode mode) {
  switch (mode) {
    case SslMode::Disable: return "disable";
    case SslMode::Allow: return "allow";
    case SslMode::Prefer: return "prefer";
    case SslMode::Require: return "require";
    case SslMode::VerifyCa: return "verify-ca";
    case SslMode::VerifyFull: return "verify-full";
  }
  return "verify-full";
}

std::unexpected<Error> failed(PGconn* connection) {
  std::string text = ::PQerrorMessage(connection);
  while (!text.empty() && text.back() == '\n') text.pop_back();
  return fail(ErrorCode::Io, std::move(text));
}

Result<Connection> connect(const TargetOptions& target, const std::string& database) {
  const std::string port = std::to_string(target.port);
  const std::string timeout = std::to_string(std::max<long>(2, target.catalog.timeout.count() / 1000));
  std::vector<const char*> names, values;
  const auto add = [&](const char* name, const char* value) {
    names.push_back(name), values.push_back(value);
  };
  add("host", target.host.c_str());
  add("port", port.c_str());
  add("user", target.catalog.user.c_str());
  add("dbname", database.c_str());
  add("application_name", "signalbox catalogue");
  add("client_encoding", "UTF8");
  add("connect_timeout", timeout.c_str());
  add("sslmode", target.host.starts_with('/') ? "disable" : mode_of(target.tls.mode));
  if (!target.catalog.password.empty()) add("password", target.catalog.password.c_str());
  if (!target.tls.ca_file.empty()) add("sslrootcert", target.tls.ca_file.c_str());
  if (!target.tls.certificate_file.empty()) add("sslcert", target.tls.certificate_file.c_str());
  if (!target.tls.key_file.empty()) add("sslkey", target.tls.key_file.c_str());
  names.push_back(nullptr), values.push_back(nullptr);
  Connection connection(::PQconnectdbParams(names.data(), values.data(), 0));
  if (connection == nullptr) return fail(ErrorCode::Io, "out of memory");
  if (::PQstatus(connection.get()) != CONNECTION_OK) return failed(connection.get());
  return connection;
}

/// Rows of text, and a running digest of all that has been read.
class Reader {
 public:
  explicit Reader(PGconn* connection) : connection_(connection) {}

  using OnRow = std::function<void(const std::vector<std::string_view>&)>;
  Result<void> each(std::string_view query, const OnRow& on_row) {
    Answer answer(::PQexec(connection_, std::string(query).c_str()));
    const auto status = ::PQresultStatus(answer.get());
    if (status == PGRES_COMMAND_OK) return {};
    if (status != PGRES_TUPLES_OK) return failed(connection_);
    std::vector<std::string_view> row(static_cast<std::size_t>(::PQnfields(answer.get())));
    for (int i = 0; i < ::PQntuples(answer.get()); ++i) {
      for (int k = 0; k < static_cast<int>(row.size()); ++k) {
        row[static_cast<std::size_t>(k)] = {::PQgetvalue(answer.get(), i, k),
                                            static_cast<std::size_t>(::PQgetlength(answer.get(), i, k))};
        bytes_ += row[static_cast<std::size_t>(k)].size();
        digest_ = (digest_ ^ std::hash<std::string_view>{}(row[static_cast<std::size_t>(k)])) *
                  0x9e37'79b9'7f4a'7c15;
      }
      if (++rows_ > kMaxRows || bytes_ > kMaxBytes)
        return fail(ErrorCode::Io, "the catalogue is larger than the gateway's limits");
      on_row(row);
    }
    return {};
  }
  std::uint64_t digest() const { return digest_; }

 private:
  PGconn* connection_;
  std::size_t rows_ = 0;
  std::size_t bytes_ = 0;
  std::uint64_t digest_ = 0;
};

using Row = const std::vector<std::string_view>&;

std::uint32_t number(std::string_view text) {
  std::uint32_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

char letter(std::string_view text) {
  return text.empty() ? '\0' : text.front();
}

bool truth(std::string_view text) {
  return text == "t";
}

std::string text(std::string_view value) {
  return std::string(value);
}

}  // namespace

Result<CatalogAnswer> read_catalog(const TargetOptions& target, const std::string& database) {
  auto connection = connect(target, database);
  if (!connection) return std::unexpected(connection.error());
  Reader reader(connection->get());
  CatalogAnswer answer;
  sql::CatalogRows& rows = answer.rows;
  std::unordered_map<std::string, std::size_t> places;  // schema, NUL, name -> index in rows.relations
  const auto place = [](std::string_view schema, std::string_view name) {
    return std::string(schema) + '\0' + std::string(name);
  };
  std::string path;
  const std::string begin = "SET statement_timeout = " + std::to_string(target.catalog.timeout.count()) +
                            "; BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL search_path = ''; "
                            "SET LOCAL row_security = off";
  const struct {
    std::string_view query;
    Reader::OnRow take;
  } steps[] = {
      {sql::kCatalogQueries.path, [&](Row row) { path = row[0]; }},
      {begin, [](Row) {}},
      {sql::kCatalogQueries.relations,
       [&](Row row) {
         places[place(row[0], row[1])] = rows.relations.size();
         rows.relations.push_back({.schema = text(row[0]),
                                   .name = text(row[1]),
                                   .kind = letter(row[2]),
                                   .columns = {},
                                   .definition = text(row[3]),
                                   .runs_code = truth(row[4])});
       }},
      {sql::kCatalogQueries.columns,
       [&](Row row) {
         const auto at = places.find(place(row[0], row[1]));
         if (at != places.end()) rows.relations[at->second].columns.push_back({text(row[2]), number(row[3])});
       }},
      {sql::kCatalogQueries.links,
       [&](Row row) {
         rows.links.push_back({text(row[0]), text(row[1]), text(row[2]), text(row[3]), truth(row[4])});
       }},
      {sql::kCatalogQueries.functions,
       [&](Row row) {
         rows.functions.push_back({text(row[0]), text(row[1]), letter(row[2]), truth(row[3]), text(row[4])});
       }},
      {sql::kCatalogQueries.types,
       [&](Row row) { rows.types.push_back({text(row[0]), text(row[1]), letter(row[2])}); }},
      {sql::kCatalogQueries.paths, [&](Row row) { rows.paths.push_back({text(row[0]), text(row[1])}); }},
      {sql::kCatalogQueries.open_schemas, [&](Row row) { rows.open_schemas.push_back(text(row[0])); }},
  };
  for (const auto& step : steps) {
    if (auto read = reader.each(step.query, step.take); !read) return std::unexpected(read.error());
  }
  if (!path.empty()) rows.paths.push_back({"", path});
  answer.digest = reader.digest();
  return answer;
}

}  // namespace signalbox::proxy
