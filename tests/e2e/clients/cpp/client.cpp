// What libpqxx does with a server: parameters, prepared statements, subtransactions, pipelines, stream_to /
// stream_from (COPY), cursors, notifications, errors. Prints a transcript; the connection comes from PGHOST,
// PGPORT, ...
#include <iostream>
#include <pqxx/pqxx>
#include <string>
#include <tuple>
#include <vector>

namespace {

void show(const std::string& label, const std::string& value) {
  std::cout << label << ' ' << value << std::endl;
}

template <class Call>
void attempt(const std::string& label, Call call) {
  try {
    call();
    show(label, "ok");
  } catch (const pqxx::sql_error& error) {
    show(label, error.sqlstate() + " " + error.what());
  }
}

void statements(pqxx::connection& connection) {
  pqxx::work work(connection);
  work.exec("create temp table account (id int primary key, owner text, balance numeric(12,2))");
  connection.prepare("add", "insert into account values ($1, $2, $3)");
  for (int i = 0; i < 100; ++i) work.exec_prepared("add", i, "o" + std::to_string(i), i * 1.5);
  show("sum", work.exec1("select sum(balance), count(*), max(owner) from account")[0].c_str());
  show("parameters", work.exec_params1("select $1::text || $2::int", "grüße", 7)[0].c_str());
  attempt("savepoint", [&] {
    pqxx::subtransaction sub(work);
    sub.exec("update account set balance = 0");
    sub.exec("select 1/0");
  });
  show("kept", work.exec1("select sum(balance) from account")[0].c_str());
  work.commit();
  attempt("duplicate", [&] {
    pqxx::work again(connection);
    again.exec_prepared("add", 1, "x", 0);
  });
}

void pipelines(pqxx::connection& connection) {
  pqxx::work work(connection);
  pqxx::pipeline pipe(work);
  pipe.retain(8);
  std::vector<pqxx::pipeline::query_id> ids;
  for (int i = 0; i < 40; ++i) ids.push_back(pipe.insert("select " + std::to_string(i) + " * 2"));
  long total = 0;
  for (auto id : ids) total += pipe.retrieve(id)[0][0].as<long>();
  show("pipeline", std::to_string(total));
}

void copies(pqxx::connection& connection) {
  pqxx::work work(connection);
  {
    pqxx::stream_to out(work, "account");
    for (int i = 1000; i < 6000; ++i) out << std::make_tuple(i, std::string("copied"), i);
    out.complete();
  }
  pqxx::stream_from in(work, "account");
  std::tuple<int, std::string, std::string> row;
  long rows = 0;
  while (in >> row) ++rows;
  in.complete();
  show("copied", std::to_string(rows));
  work.commit();
}

void cursors(pqxx::connection& connection) {
  pqxx::work work(connection);
  pqxx::icursorstream cursor(work, "select id from account order by id", "walker", 500);
  pqxx::result block;
  long blocks = 0, total = 0;
  while (cursor >> block) {
    ++blocks;
    for (const auto& row : block) total += row[0].as<long>();
  }
  show("cursor", std::to_string(blocks) + " " + std::to_string(total));
}

struct Listener : pqxx::notification_receiver {
  explicit Listener(pqxx::connection& connection) : notification_receiver(connection, "news") {}
  void operator()(const std::string& payload, int) override { show("notification", payload); }
};

}  // namespace

int main() {
  pqxx::connection connection("application_name=libpqxx-client");
  statements(connection);
  pipelines(connection);
  copies(connection);
  cursors(connection);
  Listener listener(connection);
  pqxx::nontransaction(connection).exec("notify news, 'hello'");
  if (connection.get_notifs() == 0) connection.await_notification(10, 0);
  attempt("syntax", [&] { pqxx::nontransaction(connection).exec("selec 1"); });
  show("large",
       std::to_string(pqxx::nontransaction(connection).exec1("select repeat('y', 1000000)")[0].size()));
  show("done", "");
}
