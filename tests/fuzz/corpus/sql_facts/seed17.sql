 CREATE EXTENSION e;
CREATE TRIGGER g AFTER INSERT ON t EXECUTE FUNCTION f();
SELECT pg_read_file('x');
SELECT * FROM pg_ls_dir('.');
SELECT lo_export(lo_import('/etc/x'), '/tmp/y');
COPY t TO PROGRAM 'x';
COPY t FROM '/tmp/x';
COPY t TO '/tmp/x';
SELECT pg_notify('c', 'p');
SELECT dblink_exec('x');
SELECT pg_sleep(1);
SELECT pg_cancel_backend(1)