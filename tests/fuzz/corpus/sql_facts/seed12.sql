 SELECT a FROM (SELECT * FROM t) q, u;
SELECT a FROM (SELECT * FROM t) q;
WITH q AS (SELECT b AS a FROM t) SELECT a FROM q;
WITH q(a) AS (SELECT b FROM t) SELECT a, u.b FROM q, u;
SELECT v.x FROM t AS v(x, y);
SELECT v.z FROM t AS v(x, y);
SELECT (d.sub).secret FROM (SELECT t_secret AS sub FROM t_secret) d;
SELECT t.to_json FROM t;
SELECT upper(secret), secret||'', secret::bytea, secret COLLATE "C" FROM t_secret;
SELECT count(*) FROM t;
SELECT g FROM generate_series(1, 3) g;
SELECT nosuch