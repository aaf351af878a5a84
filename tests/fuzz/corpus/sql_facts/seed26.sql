 SELECT * FROM t FULL JOIN u ON t.tenant = 5;
SELECT * FROM (u LEFT JOIN t ON true) JOIN v ON t.tenant = 5;
SELECT * FROM u, t WHERE tenant = 5;
SELECT * FROM (SELECT * FROM t WHERE tenant = 5) x;
SELECT * FROM (SELECT * FROM t) x WHERE tenant = 5;
WITH x AS (SELECT * FROM t WHERE tenant = 5) SELECT * FROM x;
SELECT * FROM t AS t(tenant, b) WHERE tenant = 5;
SELECT (SELECT 1 FROM t WHERE tenant = 5) FROM t WHERE t.tenant = 5;
SELECT * FROM t;
SELECT * FROM t WHERE a > 1;
DELETE FROM t;
DELETE FROM t WHERE a = 1