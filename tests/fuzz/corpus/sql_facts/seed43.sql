 WITH d AS (DELETE FROM u RETURNING t_id) SELECT a FROM t, d WHERE t.id = d.t_id;
WITH i AS (INSERT INTO u (c) SELECT k FROM w RETURNING c) UPDATE t SET a = i.c FROM i;
MERGE INTO t USING u ON t.id = u.t_id WHEN MATCHED THEN UPDATE SET a = c ;
SELECT a FROM t FOR UPDATE;
WITH t AS (SELECT c FROM u) DELETE FROM w USING t WHERE t.c = w.k;
SET client_min_messages = warning;
