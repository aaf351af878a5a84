 SELECT public.upper('x');
SELECT pg_catalog.upper('x');
SELECT pg_advisory_lock(1);
SELECT lo_unlink(1);
SELECT pg_terminate_backend(1);
SELECT * FROM dblink('x', 'y') AS t(a int);
WITH d AS (DELETE FROM t RETURNING *) SELECT * FROM d;
INSERT INTO t VALUES (1);
WITH x AS (SELECT 1) INSERT INTO t SELECT * FROM x;
UPDATE t SET a = 1;
DELETE FROM t;
MERGE INTO t USING s ON t.i = s.i WHEN MATCHED THEN DELETE