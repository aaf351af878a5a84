 SELECT * FROM t WHERE tenant = 5;
SELECT * FROM t, t u WHERE t.tenant = 5;
SELECT * FROM t, t u WHERE t.tenant = 5 AND u.tenant = 5;
SELECT * FROM t, t u WHERE t.tenant = 5 AND u.tenant = 6;
SELECT * FROM t WHERE tenant = 5 UNION SELECT * FROM t;
SELECT * FROM t WHERE tenant = 5 UNION SELECT * FROM t WHERE tenant = 5;
SELECT * FROM t WHERE tenant = 5 AND id IN (SELECT id FROM t);
SELECT * FROM t JOIN u ON t.i = u.i WHERE t.tenant = 5;
SELECT * FROM t JOIN u ON t.i = u.i AND t.tenant = 5;
SELECT * FROM t LEFT JOIN u ON t.tenant = 5;
SELECT * FROM u LEFT JOIN t ON t.tenant = 5;
SELECT * FROM t RIGHT JOIN u ON t.tenant = 5