 LOCK t IN ACCESS EXCLUSIVE MODE NOWAIT;
SELECT $2::int4 FROM t WHERE a = $1;
SELECT set_config($2, $1, false) FROM t WHERE id = $3 AND x = $4 LIMIT $3;
SELECT 1;
SELECT * FROM t FOR UPDATE;
SELECT * FROM t FOR KEY SHARE;
SELECT 1 INTO t;
SELECT nextval('s');
SELECT currval('s'), random(), now(), clock_timestamp();
SELECT set_config('a.b', 'c', true);
SELECT pg_sleep(1);
SELECT my_function()