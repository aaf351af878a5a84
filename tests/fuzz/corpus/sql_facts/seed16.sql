 ALTER FUNCTION f() SET search_path = s;
SELECT upper('x');
SELECT f();
SELECT * FROM f();
SELECT 1 WHERE f() IS NULL;
SELECT query_to_xml('x', true, false, '');
SELECT 1 OPERATOR(pg_catalog.+) 2;
SELECT 1 OPERATOR(evil.+) 2;
SELECT a <#> b FROM t;
SELECT 1 != 2, 1 <> 2, 'a' LIKE 'b', 1 BETWEEN 2 AND 3, 1 IN (1), 1 IS DISTINCT FROM 2, a ~* 'b' FROM ;
CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'select 1';
CREATE FUNCTION f() RETURNS int LANGUAGE sql RETURN 1