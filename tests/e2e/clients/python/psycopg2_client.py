"""What psycopg2 does with a server: types, transactions, errors, COPY, named cursors, large objects, notifications,
cancel. Prints a transcript; the connection comes from PGHOST, PGPORT, ... as for every libpq program."""
import io
import select
import threading
import time

import psycopg2
import psycopg2.extras
from psycopg2 import sql

from common import SAMPLES, show


def attempt(label, call):
    try:
        show(label, call())
    except psycopg2.Error as error:
        show(label, error.pgcode, str(error.diag.message_primary))


connection = psycopg2.connect("application_name=psycopg2-client")
cursor = connection.cursor()
cursor.execute("set search_path to pg_temp; show application_name")
show("application_name", cursor.fetchone())
show("encoding", connection.encoding, connection.get_parameter_status("standard_conforming_strings"))

for label, text in SAMPLES:
    cursor.execute(f"select {text}")
    value = cursor.fetchone()[0]
    show(label, bytes(value) if isinstance(value, memoryview) else value)

cursor.execute("create temp table account (id int primary key, owner text, balance numeric(12,2))")
psycopg2.extras.execute_values(cursor, "insert into account values %s", [(i, f"o{i}", i * 1.5) for i in range(300)])
show("inserted", cursor.rowcount, cursor.statusmessage)
connection.commit()
cursor.execute("select sum(balance), count(*) from account where owner <> %s", ("o7",))
show("sum", cursor.fetchall())

attempt("duplicate", lambda: cursor.execute("insert into account values (1, 'x', 0)"))
attempt("aborted", lambda: cursor.execute("select 1"))
show("status", connection.info.transaction_status)
connection.rollback()
attempt("syntax", lambda: cursor.execute("selec 1"))
connection.rollback()

with connection.cursor("walker") as named:
    named.itersize = 50
    named.execute("select id from account order by id")
    show("named cursor", sum(row[0] for row in named))
connection.commit()

cursor.copy_expert("copy account from stdin with (format csv)", io.StringIO("1000,csv,1\n1001,\"a,b\",2\n"))
out = io.StringIO()
cursor.copy_expert("copy (select * from account where id >= 1000 order by id) to stdout", out)
show("copy", out.getvalue())
attempt("bad copy", lambda: cursor.copy_expert("copy account from stdin", io.StringIO("not a number\tx\t1\n")))
connection.rollback()

lob = connection.lobject(0, "wb")
lob.write(b"abc" * 100_000)
lob.seek(150_000)
oid = lob.oid
lob.close()
lob = connection.lobject(oid, "rb")
show("large object", len(lob.read()))
lob.unlink()
connection.rollback()

connection.autocommit = True
cursor.execute("listen news")
other = psycopg2.connect("")
other.autocommit = True
other.cursor().execute("notify news, 'hello'")
select.select([connection], [], [], 10)
connection.poll()
show("notification", [(n.channel, n.payload) for n in connection.notifies])

cursor.execute("do $$ begin raise notice 'careful %', 7; end $$")
show("notices", connection.notices[-1:])
cursor.execute(sql.SQL("select repeat({}, 1000000)").format(sql.Literal("y")))
show("large", len(cursor.fetchone()[0]))

timer = threading.Thread(target=lambda: (time.sleep(0.3), connection.cancel()))
timer.start()
attempt("cancelled", lambda: cursor.execute("select pg_sleep(30)"))
timer.join()
attempt("after cancel", lambda: cursor.execute("select 1"))
show("done")
