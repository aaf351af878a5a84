// What pgjdbc does with a server: server-side prepared statements, batches, generated keys, fetch size (portals),
// COPY, large objects (the fast path), savepoints, notifications, cancel, simple query mode. Prints a transcript.
import java.io.*;
import java.sql.*;
import java.util.*;
import org.postgresql.*;
import org.postgresql.largeobject.*;

public class Client {
  interface Body { Object run() throws Exception; }

  static void show(String label, Object... values) { System.out.println(label + " " + Arrays.deepToString(values)); }

  static void attempt(String label, Body body) throws Exception {
    try {
      show(label, body.run());
    } catch (SQLException error) {
      show(label, error.getSQLState(), error.getMessage());
    }
  }

  static Connection connect(String... more) throws SQLException {
    Map<String, String> env = System.getenv();
    Properties p = new Properties();
    p.setProperty("user", env.get("PGUSER"));
    p.setProperty("ApplicationName", "pgjdbc-client");
    String mode = env.getOrDefault("PGSSLMODE", "disable");
    p.setProperty("sslmode", mode);
    if (!mode.equals("disable")) p.setProperty("sslrootcert", env.get("PGSSLROOTCERT"));
    for (int i = 0; i < more.length; i += 2) p.setProperty(more[i], more[i + 1]);
    return DriverManager.getConnection(
        "jdbc:postgresql://" + env.get("PGHOST") + ":" + env.get("PGPORT") + "/" + env.get("PGDATABASE"), p);
  }

  static List<Object> rows(Connection c, String sql, Object... values) throws SQLException {
    try (PreparedStatement s = c.prepareStatement(sql)) {
      for (int i = 0; i < values.length; i++) s.setObject(i + 1, values[i]);
      List<Object> out = new ArrayList<>();
      ResultSet r = s.executeQuery();
      int n = r.getMetaData().getColumnCount();
      while (r.next()) for (int i = 1; i <= n; i++) out.add(String.valueOf(r.getObject(i)));
      return out;
    }
  }

  static void statements(Connection c) throws Exception {
    c.createStatement().execute("create temp table account (id serial primary key, owner text, balance numeric(12,2))");
    try (PreparedStatement s = c.prepareStatement("insert into account (owner, balance) values (?, ?)", new String[] {"id"})) {
      for (int i = 0; i < 300; i++) { s.setString(1, "o" + i); s.setInt(2, i); s.addBatch(); }
      show("batch", Arrays.stream(s.executeBatch()).sum());
      ResultSet keys = s.getGeneratedKeys();
      int n = 0; while (keys.next()) n += keys.getInt(1);
      show("keys", n);
    }
    for (int i = 0; i < 8; i++) show("prepared", rows(c, "select owner, balance from account where id = ?", i));
    show("types", rows(c, "select 1::int2, 2::int8, 1.5::float8, 9.99::numeric, true, 'grüße'::text, '1999-12-31'::date, "
        + "'{\"a\": 1}'::jsonb, array[1,2]::int[], 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid, null::int"));
    attempt("duplicate", () -> rows(c, "insert into account values (1, 'x', 0) returning id"));
    attempt("syntax", () -> rows(c, "selec 1"));
  }

  static void transactions(Connection c) throws Exception {
    c.setAutoCommit(false);
    try (Statement s = c.createStatement()) {
      s.setFetchSize(25);
      ResultSet r = s.executeQuery("select id from account order by id");
      int total = 0; while (r.next()) total += r.getInt(1);
      show("fetch size", total);
    }
    Savepoint here = c.setSavepoint();
    attempt("division", () -> rows(c, "select 1/0"));
    attempt("aborted", () -> rows(c, "select 1"));
    c.rollback(here);
    show("recovered", rows(c, "select count(*) from account"));
    LargeObjectManager objects = c.unwrap(PGConnection.class).getLargeObjectAPI();
    long oid = objects.createLO();
    LargeObject object = objects.open(oid, LargeObjectManager.READWRITE);
    object.write(new byte[200_000]);
    object.seek(1000);
    show("large object", object.read(500_000).length, object.size());
    object.close();
    objects.delete(oid);
    c.commit();
    c.setAutoCommit(true);
  }

  static void copies(Connection c) throws Exception {
    var api = c.unwrap(PGConnection.class).getCopyAPI();
    StringBuilder text = new StringBuilder();
    for (int i = 1000; i < 6000; i++) text.append(i).append(",copied,").append(i).append("\n");
    show("copy in", api.copyIn("copy account from stdin (format csv)", new StringReader(text.toString())));
    StringWriter out = new StringWriter();
    show("copy out", api.copyOut("copy (select * from account order by id) to stdout", out), out.toString().length());
    attempt("bad copy", () -> api.copyIn("copy account from stdin", new StringReader("nonsense\n")));
  }

  static void notifications(Connection c) throws Exception {
    c.createStatement().execute("listen news");
    try (Connection other = connect()) { other.createStatement().execute("notify news, 'hello'"); }
    for (PGNotification n : c.unwrap(PGConnection.class).getNotifications(10_000)) show("notification", n.getName(), n.getParameter());
  }

  static void cancel(Connection c) throws Exception {
    Statement s = c.createStatement();
    Thread timer = new Thread(() -> { try { Thread.sleep(300); s.cancel(); } catch (Exception e) { show("cancel failed", e); } });
    timer.start();
    attempt("cancelled", () -> s.executeQuery("select pg_sleep(30)"));
    timer.join();
    show("after cancel", rows(c, "select 1"));
    s.setQueryTimeout(1);
    attempt("timeout", () -> s.executeQuery("select pg_sleep(30)"));
  }

  public static void main(String[] args) throws Exception {
    try (Connection c = connect()) {
      show("application", rows(c, "show application_name"));
      statements(c);
      transactions(c);
      copies(c);
      notifications(c);
      cancel(c);
      show("large", rows(c, "select repeat('y', 1000000)").get(0).toString().length());
    }
    try (Connection c = connect("preferQueryMode", "simple")) {
      show("simple mode", rows(c, "select ?::int + 1, ?", 41, "it's"));
    }
    show("done");
  }
}
