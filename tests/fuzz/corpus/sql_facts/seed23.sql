 SELECT * FROM t WHERE a OPERATOR(pg_catalog.=) 1;
SELECT * FROM t WHERE a OPERATOR(evil.=) 1;
SELECT * FROM t WHERE a = b;
SELECT * FROM t WHERE a = 1 + 1;
SELECT * FROM t WHERE lower(a) = 'x';
SELECT * FROM t WHERE a::text = 'x';
SELECT * FROM t WHERE a = '5'::int AND b = 5::text AND c = 't'::bool;
SELECT * FROM t WHERE a = 'abcdef'::varchar(3);
SELECT * FROM t WHERE a = 5.7::int;
SELECT * FROM t WHERE a = 'x'::my_type;
SELECT * FROM t WHERE a = $1 AND b = $2::int;
SELECT * FROM t WHERE "A" = 1