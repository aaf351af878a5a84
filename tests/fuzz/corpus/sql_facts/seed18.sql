 SELECT nextval('s');
SELECT pg_logical_emit_message(true, 'a', 'b');
SET a.b = 'c';
CREATE SCHEMA s;
DROP SCHEMA a, b;
CREATE FUNCTION s.f() RETURNS int LANGUAGE sql AS 'x';
DROP FUNCTION f(int), s.g;
ALTER FUNCTION f() RENAME TO g;
CREATE ROLE r;
ALTER ROLE r LOGIN;
DROP ROLE a, b;
GRANT a TO b