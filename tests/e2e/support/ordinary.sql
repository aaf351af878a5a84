-- What applications send: a shop, in the words of ORMs, report writers and people. Nothing here is an attack, though
-- some of it has the words of one.
create temp table customers (id int generated always as identity primary key, name text not null, city text, active bool default true,
  note text, created timestamptz default '2026-01-01', parent int, settings jsonb default '{}');
create temp table products (id serial primary key, name text, price numeric(10,2), tags text[], stock int check (stock >= 0));
create temp table purchases (id bigserial primary key, customer_id int references customers, product_id int references products,
  quantity int not null default 1, at date default '2026-02-03', unique (customer_id, product_id, at));
insert into customers (name, city, note) values ('Ann', 'Rome', 'x'' OR 1=1 --'), ('Bob', 'Oslo', null), ('O''Brien', 'Cork', 'UNION SELECT NULL, NULL');
insert into products (name, price, tags, stock) values ('pen', 1.50, '{office,"blue ink"}', 10), ('cup', 7, '{kitchen}', 3), ('desk', 199.99, '{office}', 0);
insert into purchases (customer_id, product_id, quantity) values (1, 1, 2), (1, 2, 1), (2, 1, 5), (3, 3, 1)
  on conflict (customer_id, product_id, at) do update set quantity = purchases.quantity + excluded.quantity returning id;
SELECT "customers"."id" AS "t0_c0", "customers"."name" AS "t0_c1" FROM "customers" WHERE "customers"."id" = 1 LIMIT 21;
SELECT COUNT(*) AS "__count" FROM "customers" WHERE ("customers"."active" AND NOT ("customers"."city" = 'Paris' AND "customers"."city" IS NOT NULL));
SELECT 1 AS one FROM customers WHERE lower(customers.name) = lower('ann') AND customers.id != 7 LIMIT 1;
select * from customers where 1=1 and city = 'Rome' and (name ilike '%a%' or name ilike '%b%') order by id;
select * from customers where ('' = '' or city = '') and (null::int is null or id = null::int) order by id;
select * from customers where false or city = 'Oslo';
select * from customers where city in ('Rome', 'Oslo') or name like 'O''%' order by name;
select * from customers where (id, name) in ((1, 'Ann'), (2, 'Bob')) order by id;
select * from customers where note = 'x'' OR 1=1 --';
select c.name, sum(p.price * u.quantity) as total from customers c join purchases u on u.customer_id = c.id join products p on p.id = u.product_id
  group by c.name having sum(p.price * u.quantity) > 5 order by total desc nulls last limit 10 offset 0;
select c.name from customers c left join purchases u on u.customer_id = c.id and u.quantity > 2 where u.id is null order by 1;
select name from customers where exists (select 1 from purchases where purchases.customer_id = customers.id) order by name;
select name, (select count(*) from purchases u where u.customer_id = c.id)::int as n from customers c order by n, name;
select id, name from customers union all select 0, '(none)' order by id;
select name, 'customer' as kind from customers union select name, 'product' from products order by 1;
select city from customers intersect select 'Rome' order by 1;
select case when price > 100 then 'dear' when price > 5 then 'fair' else 'cheap' end as class, count(*) from products group by 1 order by 1;
select p.*, rank() over (partition by tags[1] order by price desc) from products p order by id;
select distinct on (customer_id) customer_id, at from purchases order by customer_id, at desc;
select generate_series('2026-01-01'::date, '2026-01-05', '1 day')::date as day;
select * from products where tags && array['office'] and tags @> '{office}' order by id;
select settings->>'theme' as theme, settings #>> '{a,b}' from customers where settings @> '{}' order by id;
with recursive tree as (select id, parent, 1 as depth from customers where parent is null
  union all select c.id, c.parent, depth + 1 from customers c join tree t on c.parent = t.id) select count(*) from tree;
with moved as (update products set stock = stock - 1 where id = 1 and stock > 0 returning id, stock) select * from moved;
select * from products where name ~* '^(pen|cup)$' for update skip locked;
select substring(name from 1 for 1) as initial, ascii(substr(name, 1, 1)), position('n' in name), trim(both ' ' from name) from customers order by id;
select name || chr(10) || coalesce(city, '?') || chr(13) from customers order by id;
select extract(year from created)::int, date_trunc('month', created at time zone 'UTC'), to_char(created at time zone 'UTC', 'YYYY-MM') from customers order by id limit 1;
select round(avg(price), 2), percentile_cont(0.5) within group (order by price), string_agg(name, ', ' order by name), array_agg(id order by id) from products;
select coalesce(nullif(city, ''), 'nowhere'), greatest(1, 2), cast('5' as integer), '7'::int + 1, 3.0::numeric(4,1) from customers order by id limit 1;
update customers set note = 'seen -- twice', settings = jsonb_set(settings, '{theme}', '"dark"') where id = 2;
update products set price = price * 1.1 where id in (select product_id from purchases where quantity >= 5);
update purchases set quantity = v.q from (values (1, 3), (2, 4)) as v(id, q) where purchases.id = v.id;
delete from purchases using customers where customers.id = purchases.customer_id and customers.name = 'Nobody';
delete from purchases where at < '2020-01-01' -- old ones
;
begin; savepoint before; insert into products (name) values ('x'); rollback to savepoint before; release savepoint before; commit;
set local statement_timeout = '5s'; set search_path = pg_temp, public; show search_path; reset search_path;
select current_date is not null, now() > '2020-01-01', current_user is not null, version() like 'PostgreSQL%';
prepare find (int) as select name from customers where id = $1; execute find(1); deallocate find;
explain (costs off) select * from customers where id = 1;
create index on purchases (at); analyze purchases;
select table_name, column_name, data_type from information_schema.columns where table_name = 'products' and table_schema like 'pg_temp%' order by ordinal_position;
select c.relname, a.attname from pg_catalog.pg_class c join pg_catalog.pg_attribute a on a.attrelid = c.oid where c.relname = 'customers' and a.attnum > 0 order by a.attnum limit 2;
select nextval('products_id_seq') > 0, pg_try_advisory_xact_lock(42), pg_backend_pid() > 0, pg_size_pretty(1024::bigint);
copy (select id, name from customers order by id) to stdout with (format csv, header);
select 1; select 2; -- two of them
/* route='GET /orders/:id',traceparent='00-5bd66ef5095369c7b0d1f8f4bd33716a-c532cb4098ac3dd2-01' */ select 3;
drop index purchases_at_idx; drop table purchases;
