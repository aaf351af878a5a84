 SET TIME ZONE 'UTC';
SET NAMES 'SJIS';
SET TRANSACTION ISOLATION LEVEL SERIALIZABLE, READ WRITE;
SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY;
BEGIN READ WRITE;
SELECT set_config('Search_Path', 'evil', false);
SELECT set_config('a.b', $1, true);
SELECT set_config('a' || 'b', 'c', false);
ALTER SYSTEM SET log_min_messages = 'warning';
ALTER ROLE r SET x = 'y';
ALTER DATABASE d RESET x;
CREATE FUNCTION f() RETURNS int SET search_path = s LANGUAGE sql AS 'x'