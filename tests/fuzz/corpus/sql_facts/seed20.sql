 CREATE DOMAIN d AS int;
DROP TYPE x;
CREATE INDEX i ON t (a);
CREATE SERVER s FOREIGN DATA WRAPPER w;
CREATE PUBLICATION p FOR ALL TABLES;
DROP CAST (int AS text);
ALTER TABLE t RENAME CONSTRAINT a TO b;
SELECT '1'::int, 'x'::text, '{}'::jsonb, now()::date, '1'::pg_catalog.int4, 'a'::varchar(3)[];
SELECT 'x'::t_dom;
SELECT CAST('x' AS s.t_dom);
SELECT '1'::information_schema.cardinal_number;
SELECT "pg_read_file"('x'), S.F(1), pg_catalog.upper('a')