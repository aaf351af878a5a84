 COMMENT ON TABLE s.t IS 'x';
COMMENT ON COLUMN t.a IS 'x';
CREATE FUNCTION f() RETURNS int LANGUAGE sql RETURN (SELECT x FROM b);
CREATE FUNCTION f() RETURNS void LANGUAGE sql BEGIN ATOMIC DELETE FROM a; SELECT * FROM b; END;
WITH names hide tables as far as PostgreSQL's scoping goes, and no further;
SELECT * FROM ;
SELECT * FROM ;
SELECT a, t.b, t.* FROM t;
SELECT s FROM t_secret s;
SELECT t_secret FROM t_secret;
SELECT s.t_secret.a FROM s.t_secret;
SELECT x.a FROM t x WHERE x.b > 1 GROUP BY x.c HAVING max(x.d) > 1 ORDER BY x.e