 SELECT a FROM t LIMIT (SELECT max(c) FROM u) OFFSET (SELECT min(k) FROM w);
SELECT a FROM t GROUP BY GROUPING SETS ((a), ()) ;
SELECT a FROM t INTERSECT (SELECT c FROM u EXCEPT SELECT k FROM w);
SELECT x.a FROM t x JOIN t y ON x.id = y.tenant;
INSERT INTO t (id) VALUES (1);
INSERT INTO t (id) SELECT c FROM u;
INSERT INTO t (id, a) VALUES (1, (SELECT max(c) FROM u)) ON CONFLICT (id) DO UPDATE SET a = excluded.a;
UPDATE t SET a = 1 WHERE id = 1;
UPDATE t SET a = c FROM u WHERE u.t_id = t.id;
UPDATE t SET (a, b) = (SELECT c, d FROM u WHERE u.t_id = t.id);
DELETE FROM t USING u WHERE u.t_id = t.id RETURNING t.*;
DELETE FROM s.t WHERE id IN (SELECT id FROM t)