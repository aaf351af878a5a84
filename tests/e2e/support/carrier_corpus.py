"""Ways around tenant isolation (support/pack_corpus.py) that the plan opens: PostgreSQL tries the conditions of a WHERE in the order of
their costs, so that what costs no more than the tenant's sees every tenant's rows, and tells of them.
"""

TENANT = [
    "SELECT * FROM orders WHERE set_config('my.note', note, false) IS NOT NULL AND tenant_id = 1; SELECT current_setting('my.note')",
    "SELECT 1 FROM orders o JOIN items i ON set_config('my.note', note, false) IS NOT NULL WHERE o.tenant_id = 1",
    "SELECT tenant_id FROM orders WHERE tenant_id = 1 GROUP BY tenant_id, note HAVING set_config('my.note', note, false) IS NOT NULL",
    "UPDATE orders SET note = note WHERE set_config('my.note', note, false) IS NOT NULL AND tenant_id = 1",
    "LISTEN heard; SELECT * FROM orders WHERE pg_notify('heard', note) IS NOT NULL AND tenant_id = 1",
    "DELETE FROM orders WHERE pg_notify('heard', note) IS NOT NULL AND tenant_id = 1",
    "SELECT * FROM orders WHERE setval('counter', id) IS NOT NULL AND tenant_id = 1",
    "SELECT * FROM orders WHERE pg_try_advisory_lock(ref) AND tenant_id = 1",
    "SELECT * FROM orders WHERE lo_from_bytea(0, note::bytea) IS NOT NULL AND tenant_id = 1",
    "SELECT * FROM orders WHERE pg_sleep(ref / 1000) IS NOT NULL AND tenant_id = 1",
    "DO $$ BEGIN PERFORM FROM orders WHERE set_config('my.note', note, false) IS NOT NULL AND tenant_id = 1; END $$",
    "PREPARE p AS SELECT * FROM orders WHERE set_config('my.note', note, false) IS NOT NULL AND tenant_id = 1; EXECUTE p",
    "CREATE FUNCTION tell(text) RETURNS bool LANGUAGE sql AS 'select set_config(''my.note'', $1, false) is not null'",
    "CREATE FUNCTION tell(text) RETURNS bool LANGUAGE sql RETURN pg_notify('heard', $1) IS NOT NULL",
    "CREATE FUNCTION tell(text) RETURNS bool LANGUAGE plpgsql COST 0.0001 AS 'begin raise notice ''%'', $1; return true; end'",
    "CREATE FUNCTION tell(text) RETURNS bool COST 1 LANGUAGE plpgsql AS 'begin raise notice ''%'', $1; return true; end'",
    "ALTER FUNCTION settle() COST 0.5",
    "ALTER ROUTINE settle() COST 1",
    "CREATE FUNCTION tell(t text) RETURNS bool LANGUAGE plpgsql AS 'begin raise notice ''%'', t; return true; end'; CREATE DOMAIN spy AS text CHECK (tell(value))",
    "CREATE DOMAIN spy AS text CHECK (set_config('my.note', value, false) IS NOT NULL)",
    "CREATE DOMAIN spy AS text; ALTER DOMAIN spy ADD CHECK (pg_notify('heard', value) IS NOT NULL)",
    "CREATE FUNCTION tell() RETURNS void LANGUAGE plpgsql AS 'begin perform from orders where pg_notify(''heard'', note) is not null and tenant_id = 1; end'",
    "INSERT INTO orders VALUES (2, 1, 'x') ON CONFLICT (id) DO UPDATE SET note = 'x' WHERE excluded.tenant_id = 1",
    "INSERT INTO orders VALUES (2, 1, 'x') ON CONFLICT (id) DO UPDATE SET note = 'x' WHERE pg_notify('heard', orders.note) IS NOT NULL AND orders.tenant_id = 1",
    "INSERT INTO orders SELECT id + 10, 1, note FROM orders RETURNING note",
    "INSERT INTO orders SELECT o.id + 10, 1, o.note FROM orders o RETURNING 1",
    "INSERT INTO orders VALUES (77, 1, 'x') RETURNING (SELECT max(o.note) FROM orders o)",
    "SELECT * FROM pg_create_logical_replication_slot('spy', 'test_decoding'); SELECT * FROM pg_logical_slot_peek_changes('spy', NULL, NULL); SELECT pg_drop_replication_slot('spy')",
]
