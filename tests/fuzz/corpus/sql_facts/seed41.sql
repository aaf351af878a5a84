 SELECT r.a FROM (VALUES (1, 2)) r(a, b), t;
SELECT y FROM t AS r(x, y);
SELECT r.tenant FROM t AS r(x, y);
SELECT id FROM t JOIN (SELECT t_id AS id FROM u) q USING (id);
SELECT j.a FROM (t JOIN (SELECT c FROM u) q ON true) AS j;
SELECT a FROM t LEFT JOIN u ON u.t_id = t.id AND d = 'x';
SELECT t.a FROM t TABLESAMPLE system (10);
SELECT string_agg(b, ',' ORDER BY secret) FILTER (WHERE a > 1) AS r FROM t;
SELECT row_to_json(t) AS r FROM t;
SELECT t AS r FROM t;
SELECT a FROM t WHERE (a, b) = (SELECT c, d FROM u LIMIT 1);
SELECT a FROM t WHERE a = ANY (SELECT c FROM u) OR a > ALL (SELECT k FROM w)