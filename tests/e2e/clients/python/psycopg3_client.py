"""What psycopg 3 does with a server: both formats, server-side prepared statements, pipeline mode, COPY, server-side
cursors, asynchronous use, notifications, cancel. Prints a transcript."""
import asyncio
import threading
import time

import psycopg

from common import SAMPLES, show


def attempt(label, call):
    try:
        return show(label, call())
    except psycopg.Error as error:
        return show(label, error.sqlstate, error.diag.message_primary)


def types(connection):
    for binary in (False, True):
        with connection.cursor(binary=binary) as cursor:
            for label, text in SAMPLES:
                show(label, cursor.execute(f"select {text}").fetchone()[0])


def statements(connection):
    connection.execute("create temp table account (id int primary key, owner text, balance numeric(12,2))")
    with connection.cursor() as cursor:
        cursor.executemany("insert into account values (%s, %s, %s)", [(i, f"o{i}", i * 1.5) for i in range(300)])
        show("inserted", cursor.rowcount)
    connection.commit()
    for i in range(12):  # from the sixth on, a named prepared statement
        show("prepared", connection.execute("select owner from account where id = %s", (i,)).fetchone())
    show("names", connection.execute("select count(*) from pg_prepared_statements").fetchone())
    attempt("duplicate", lambda: connection.execute("insert into account values (1, 'x', 0)"))
    attempt("aborted", lambda: connection.execute("select 1"))
    show("status", connection.info.transaction_status.name)
    connection.rollback()
    with connection.transaction():
        attempt("savepoint", lambda: savepoint(connection))
        show("kept", connection.execute("select balance from account where id = 2").fetchone())


def savepoint(connection):
    with connection.transaction():
        connection.execute("update account set balance = 0 where id = 2")
        connection.execute("select 1/0")


def pipeline(connection):
    with connection.pipeline() as pipe:
        cursors = [connection.execute("select %s::int * 2", (i,)) for i in range(50)]
        pipe.sync()
        show("pipelined", sum(c.fetchone()[0] for c in cursors))
    with connection.pipeline():
        connection.execute("insert into account values (5000, 'pipe', 1)")
    show("committed", connection.execute("select owner from account where id = 5000").fetchone())
    connection.commit()
    try:
        with connection.pipeline():
            connection.execute("insert into account values (6000, 'pipe', 1)")
            connection.execute("select 1/0")
            connection.execute("insert into account values (6001, 'pipe', 1)")
    except psycopg.Error as error:
        show("pipeline error", error.sqlstate)
    connection.rollback()
    show("after", connection.execute("select count(*) from account where id >= 6000").fetchone())
    connection.commit()


def copy(connection):
    with connection.cursor() as cursor:
        with cursor.copy("copy account from stdin") as data:
            for i in range(10_000, 20_000):
                data.write_row((i, "copied", i))
        show("copied", cursor.rowcount)
        with cursor.copy("copy account to stdout (format binary)") as data:
            show("binary bytes", sum(len(block) for block in data))
    attempt("bad copy", lambda: connection.execute("copy account from '/nowhere'"))
    connection.rollback()


def cursors(connection):
    with connection.cursor("walker", scrollable=True) as cursor:
        cursor.execute("select id from account order by id")
        show("first", cursor.fetchmany(3))
        cursor.scroll(100)
        show("later", cursor.fetchone())
    connection.commit()


def notifications(connection):
    connection.autocommit = True
    connection.execute("listen news")
    with psycopg.connect(autocommit=True) as other:
        other.execute("notify news, 'hello'")
    for notice in connection.notifies():
        show("notification", notice.channel, notice.payload)
        break


def cancel(connection):
    timer = threading.Thread(target=lambda: (time.sleep(0.3), connection.cancel()))
    timer.start()
    attempt("cancelled", lambda: connection.execute("select pg_sleep(30)"))
    timer.join()
    show("after cancel", connection.execute("select 1").fetchone())


async def asynchronous():
    async with await psycopg.AsyncConnection.connect() as connection:
        async with connection.pipeline():
            cursors = [await connection.execute("select repeat(%s, %s)", ("z", i * 1000)) for i in range(20)]
        show("async", [len((await c.fetchone())[0]) for c in cursors])


with psycopg.connect("application_name=psycopg3-client") as main:
    show("application_name", main.info.parameter_status("application_name"), main.info.encoding)
    types(main)
    for part in (statements, pipeline, copy, cursors, notifications, cancel):
        part(main)
asyncio.run(asynchronous())
show("done")
