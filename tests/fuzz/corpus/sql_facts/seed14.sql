 COMMENT ON COLUMN s.t.a IS 'x';
CREATE INDEX ON t (a, lower(b)) WHERE c;
GRANT SELECT (a) ON t TO x;
SET search_path = a, "B";
SET SEARCH_PATH TO 'x';
SET SCHEMA 'x';
SET LOCAL work_mem = 64;
SET row_security = off;
SET x.y TO DEFAULT;
SET ROLE admin;
SET ROLE NONE;
SET SESSION AUTHORIZATION x