"""What asyncpg does with a server: binary format throughout, Flush-driven prepares, cursors in portals, COPY in
binary, LISTEN, cancel by timeout. Prints a transcript."""
import asyncio
import io
import os
import ssl

import asyncpg

from common import SAMPLES, show


async def attempt(label, awaitable):
    try:
        show(label, await awaitable)
    except (asyncpg.PostgresError, asyncio.TimeoutError) as error:
        show(label, type(error).__name__, getattr(error, "sqlstate", None))


def tls():
    if os.environ.get("PGSSLMODE", "disable") == "disable":
        return False
    return ssl.create_default_context(cafile=os.environ["PGSSLROOTCERT"])


async def statements(connection):
    await connection.execute("create temp table account (id int primary key, owner text, balance numeric(12,2))")
    await connection.executemany("insert into account values ($1, $2, $3)", [(i, f"o{i}", i) for i in range(300)])
    prepared = await connection.prepare("select owner, balance from account where id = any($1::int[]) order by id")
    show("types", [p.name for p in prepared.get_parameters()], [a.name for a in prepared.get_attributes()])
    show("prepared", [tuple(r) for r in await prepared.fetch([1, 2, 299])])
    await attempt("duplicate", connection.execute("insert into account values ($1, 'x', 0)", 1))
    async with connection.transaction():
        await connection.execute("update account set balance = 7 where id = 1")
        try:
            async with connection.transaction():
                await connection.execute("select 1/0")
        except asyncpg.DivisionByZeroError as error:
            show("savepoint", error.sqlstate)
        total = 0
        async for record in connection.cursor("select balance from account", prefetch=40):
            total += record[0]
        show("cursor", total)


async def copies(connection):
    records = [(i, f"c{i}", i) for i in range(1000, 6000)]
    show("copy in", await connection.copy_records_to_table("account", records=records))
    out = io.BytesIO()
    show("copy out", await connection.copy_from_query("select * from account order by id", output=out, format="csv"))
    show("bytes", len(out.getvalue()))


async def notifications(connection):
    heard = asyncio.get_running_loop().create_future()
    await connection.add_listener("news", lambda *args: heard.set_result(args[2:]))
    await connection.execute("notify news, 'hello'")
    show("notification", await asyncio.wait_for(heard, 10))


async def main():
    connection = await asyncpg.connect(ssl=tls(), server_settings={"application_name": "asyncpg-client"})
    settings = connection.get_settings()
    show("settings", settings.application_name, settings.client_encoding)
    for label, text in SAMPLES:
        show(label, await connection.fetchval(f"select {text}"))
    for part in (statements, copies, notifications):
        await part(connection)
    show("large", len(await connection.fetchval("select repeat('y', 3000000)")))
    await attempt("cancelled", connection.fetch("select pg_sleep(30)", timeout=0.3))
    show("after cancel", await connection.fetchval("select 1"))
    await attempt("syntax", connection.fetch("selec 1"))
    pool = await asyncpg.create_pool(ssl=tls(), min_size=4, max_size=4)
    show("pool", sum(await asyncio.gather(*(pool.fetchval("select $1::int", i) for i in range(40)))))
    await pool.close()
    await connection.close()
    show("done")


asyncio.run(main())
