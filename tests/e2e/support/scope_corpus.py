"""More ways around the shipped packs (support/pack_corpus.py): names that PostgreSQL takes for another table's, column's, type's or variable's
than a reader would, and functions that run what nobody sees.
"""

TENANT = [
    "SELECT j.* FROM (orders o CROSS JOIN items i) j, (SELECT 1 AS tenant_id) o WHERE o.tenant_id = 1",
    "SELECT (SELECT max(j.note) FROM (orders o CROSS JOIN items i) j WHERE o.tenant_id = 1) FROM (SELECT 1 AS tenant_id) o",
    "SELECT j.* FROM ((orders o CROSS JOIN items i) j CROSS JOIN board b) JOIN (SELECT 1 AS tenant_id) o ON o.tenant_id = 1",
    "UPDATE board SET note = j.note FROM (orders o CROSS JOIN items i) j, (SELECT 1 AS tenant_id) o WHERE o.tenant_id = 1",
    "SELECT o.* FROM orders o, (SELECT 1 AS a, 1 AS b) x, LATERAL (SELECT o.tenant_id AS a, 1 AS b) y WHERE (x.*, o.tenant_id, 1) = (1, 1, y.*)",
    "SELECT o.* FROM orders o, (SELECT) x WHERE (x.*, o.tenant_id, 1) = (o.tenant_id, 1, x.*)",
    "SELECT (SELECT max(c) FROM orders AS o(id, b, c) WHERE tenant_id = 1) FROM (SELECT 1 AS tenant_id) x",
    "CREATE FUNCTION orders(tenant_id int) RETURNS SETOF text LANGUAGE plpgsql AS '#variable_conflict use_variable\n"
    "begin return query select note from orders where orders.tenant_id = 1; end'; SELECT orders(1)",
    "CREATE FUNCTION public.z() RETURNS SETOF text LANGUAGE plpgsql AS 'begin return query execute ''select note from ord'' || ''ers''; end'; SELECT z()",
    "CREATE DOMAIN public.int4 AS numeric(3, -1); SET search_path = public, pg_catalog; SELECT * FROM orders WHERE tenant_id = '1'::int4",
    "CREATE DOMAIN d AS int; ALTER DOMAIN d RENAME TO int4",
    "CREATE DOMAIN d AS int; ALTER TYPE d RENAME TO \"text\"",
]

PERSONAL = [
    "SELECT address FROM customers, (items i CROSS JOIN (SELECT 1 AS address) x) AS j(a, b, c)",
    "SELECT b.id FROM (customers c JOIN board b ON address LIKE 's%') CROSS JOIN (SELECT 1 AS address) y",
    "SELECT l.a FROM customers c, LATERAL (SELECT address AS a) l, (SELECT 1 AS address) y",
    "SELECT u FROM customers c, unnest(ARRAY[address]) u, (SELECT 1 AS address) y",
    "SELECT 1 FROM customers c, board TABLESAMPLE system (100), LATERAL (VALUES (address)) l, (SELECT 1 AS address) y",
    "SELECT (SELECT j.address) FROM (customers CROSS JOIN items) j",
    "SELECT 1 FROM (customers CROSS JOIN items) j WHERE EXISTS (SELECT FROM board b WHERE b.note = j.address)",
    "SELECT (SELECT l.a FROM items i, LATERAL (SELECT c.address AS a) l, board c LIMIT 1) FROM customers c",
    "SELECT j.a FROM (customers c CROSS JOIN LATERAL (SELECT c.address AS a) l) j, board c",
    "SELECT o.address FROM (board o CROSS JOIN items i) j, customers o",
    "SELECT k.d FROM ((customers c CROSS JOIN items i) AS j(a, b, d) CROSS JOIN board) AS k",
    "SELECT count(*) FROM (customers c CROSS JOIN (SELECT 1 AS one) i) AS j(a, b, d) JOIN (SELECT 's'::text AS d) x USING (d)",
    "CREATE FUNCTION leak(customers) RETURNS text LANGUAGE sql AS 'select $1.address'; SELECT c.leak FROM customers c",
    "CREATE FUNCTION leak(anyelement) RETURNS text LANGUAGE sql AS 'select $1::text'; SELECT c.leak FROM customers c",
    "CREATE AGGREGATE leak(anycompatible) (sfunc = array_append, stype = anycompatiblearray); SELECT c.leak FROM customers c",
    "CREATE AGGREGATE leak(basetype = customers, sfunc = array_append, stype = customers[]); SELECT c.leak FROM customers c",
    "CREATE FUNCTION leak() RETURNS SETOF text LANGUAGE plpgsql AS 'begin return query execute ''select address from custom'' || ''ers''; end'; SELECT leak()",
    "SELECT (SELECT ROW(j.*)) FROM (customers CROSS JOIN items) j",
    "SELECT (SELECT array_agg(j.*) FROM items) FROM (customers CROSS JOIN items) j",
]

FUNCTIONS = [
    "CREATE FUNCTION z() RETURNS void LANGUAGE plpgsql AS 'begin execute ''select pg_read'' || ''_file(1)''; end'",
]

UNBOUNDED = [
    "UPDATE board o SET note = o.note FROM (SELECT) x WHERE (x.*, o.id, 1) = (o.id, 1, x.*)",
    "WITH z AS (SELECT) DELETE FROM board o USING z WHERE (z.*, o.id, 1) = (o.id, 1, z.*)",
    "CREATE FUNCTION z() RETURNS void LANGUAGE plpgsql AS 'begin execute ''update bo'' || ''ard set note = note''; end'; SELECT z()",
]
