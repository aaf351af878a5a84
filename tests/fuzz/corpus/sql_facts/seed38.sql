 SELECT count(*) AS n FROM t;
SELECT t.id FROM t, u WHERE t.id = u.t_id;
SELECT a, c FROM t, u;
SELECT a FROM t, s.t AS st WHERE z = 1;
SELECT st.z, t.a FROM t JOIN s.t st ON st.id = t.id;
SELECT "Col A" FROM "Odd Name";
SELECT id FROM t UNION SELECT c FROM u ORDER BY id;
SELECT id FROM t WHERE id IN (SELECT t_id FROM u WHERE c = 1);
SELECT id FROM t WHERE EXISTS (SELECT 1 FROM u WHERE t_id = t.id);
SELECT id FROM t WHERE EXISTS (SELECT 1 FROM u WHERE t_id = tenant);
SELECT (SELECT max(c) FROM u WHERE u.t_id = t.id) AS m FROM t;
SELECT (SELECT secret LIMIT 1) AS m FROM t