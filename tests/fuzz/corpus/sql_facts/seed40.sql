 SELECT sum(a) OVER (PARTITION BY b ORDER BY tenant) AS r FROM t;
SELECT sum(a) OVER win AS r FROM t WINDOW win AS (PARTITION BY b);
SELECT DISTINCT ON (b) a FROM t ORDER BY b, id;
SELECT CASE WHEN a > 1 THEN b ELSE secret END AS r FROM t;
SELECT COALESCE(b, secret) AS r, NULLIF(a, tenant) AS s FROM t;
SELECT ARRAY(SELECT c FROM u) AS r, ARRAY[a, id] AS q FROM t;
SELECT e -> 'x' AS r, f[1] AS q FROM w;
SELECT f[(SELECT c FROM u LIMIT 1)] AS r FROM w;
SELECT (v).x FROM p;
SELECT x.v FROM p x WHERE (x.v).y = 1;
SELECT g FROM generate_series(1, 3) g, t WHERE t.id = g;
SELECT j.value FROM w, jsonb_each(e) j