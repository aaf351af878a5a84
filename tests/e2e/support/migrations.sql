-- Migrations as other tools write them: Rails, Flyway, Prisma, Liquibase, goose, and their own books.
-- Rails: advisory lock, schema_migrations, ar_internal_metadata
select pg_try_advisory_lock(2739823293874651);
create table "schema_migrations" ("version" character varying NOT NULL PRIMARY KEY);
create table "ar_internal_metadata" ("key" character varying NOT NULL PRIMARY KEY, "value" character varying, "created_at" timestamp(6) NOT NULL, "updated_at" timestamp(6) NOT NULL);
begin;
insert into "ar_internal_metadata" ("key", "value", "created_at", "updated_at") values ('environment', 'production', '2026-01-01', '2026-01-01') returning "key";
create table "users" ("id" bigserial primary key, "email" character varying DEFAULT '' NOT NULL, "encrypted_password" character varying, "created_at" timestamp(6) NOT NULL);
create unique index "index_users_on_email" on "users" ("email");
alter table "users" add "role" integer DEFAULT 0 NOT NULL;
comment on column "users"."role" is 'what it''s for';
insert into "schema_migrations" ("version") values ('20260101000000') returning "version";
commit;
create index concurrently "index_users_on_role" on "users" using btree ("role");
select a.attname, format_type(a.atttypid, a.atttypmod), pg_get_expr(d.adbin, d.adrelid), a.attnotnull, col_description(a.attrelid, a.attnum) as comment
  from pg_attribute a left join pg_attrdef d on a.attrelid = d.adrelid and a.attnum = d.adnum join pg_type t on a.atttypid = t.oid
  where a.attrelid = '"users"'::regclass and a.attnum > 0 and not a.attisdropped order by a.attnum;
select distinct i.relname, d.indisunique, pg_get_indexdef(d.indexrelid) from pg_class t inner join pg_index d on t.oid = d.indrelid inner join pg_class i on d.indexrelid = i.oid
  left join pg_namespace n on n.oid = i.relnamespace where i.relkind in ('i', 'I') and d.indisprimary = 'f' and t.relname = 'users' and n.nspname = any (current_schemas(false)) order by i.relname;
select pg_advisory_unlock(2739823293874651);
-- Flyway
create table if not exists "flyway_schema_history" ("installed_rank" INT NOT NULL, "version" VARCHAR(50), "description" VARCHAR(200) NOT NULL, "type" VARCHAR(20) NOT NULL,
  "script" VARCHAR(1000) NOT NULL, "checksum" INTEGER, "installed_by" VARCHAR(100) NOT NULL, "installed_on" TIMESTAMP NOT NULL DEFAULT now(), "execution_time" INTEGER NOT NULL, "success" BOOLEAN NOT NULL);
alter table "flyway_schema_history" add constraint "flyway_schema_history_pk" primary key ("installed_rank");
create index "flyway_schema_history_s_idx" on "flyway_schema_history" ("success");
select count(*) from pg_namespace where nspname = 'public';
reset role;
begin;
lock table "flyway_schema_history" in exclusive mode;
create sequence order_seq start with 1000 increment by 50;
create table orders (id bigint default nextval('order_seq') primary key, user_id bigint references users (id) on delete cascade, state varchar(20) check (state in ('new', 'paid')), total numeric(12,2), tags text[] default '{}');
create view open_orders as select o.id, u.email from orders o join users u on u.id = o.user_id where o.state = 'new';
create type mood as enum ('sad', 'ok');
alter type mood add value 'happy' after 'ok';
create domain percent as int check (value between 0 and 100);
create function touch() returns trigger language plpgsql as $$ begin new.total = coalesce(new.total, 0); return new; end $$;
create trigger orders_touch before insert or update on orders for each row execute function touch();
do $$ begin if not exists (select 1 from pg_type where typname = 'level') then create type level as enum ('low', 'high'); end if; end $$;
grant select on orders to public;
revoke all on open_orders from public;
insert into "flyway_schema_history" ("installed_rank", "version", "description", "type", "script", "checksum", "installed_by", "execution_time", "success")
  values (1, '1', 'init', 'SQL', 'V1__init.sql', -123, 'me', 12, true);
commit;
-- Prisma
create table "_prisma_migrations" (id varchar(36) primary key not null, checksum varchar(64) not null, finished_at timestamptz, migration_name varchar(255) not null, logs text, rolled_back_at timestamptz,
  started_at timestamptz not null default now(), applied_steps_count integer not null default 0);
select exists(select 1 from pg_namespace where nspname = 'public'), version(), current_setting('server_version_num')::integer as numeric_version;
alter table "orders" add column "note" text, alter column "state" set default 'new', drop constraint "orders_user_id_fkey", add constraint "orders_user_fk" foreign key ("user_id") references "users" ("id") on delete set null on update cascade;
update "_prisma_migrations" set finished_at = now(), applied_steps_count = applied_steps_count + 1 where id = 'x';
-- Liquibase
create table public.databasechangeloglock (id integer not null, locked boolean not null, lockgranted timestamp without time zone, lockedby varchar(255), constraint databasechangeloglock_pkey primary key (id));
insert into public.databasechangeloglock (id, locked) values (1, false);
select locked from public.databasechangeloglock where id = 1;
update public.databasechangeloglock set locked = true, lockedby = 'here (127.0.0.1)', lockgranted = now() where id = 1 and locked = false;
-- goose and by hand: large changes without a lock for long
create table goose_db_version (id serial primary key, version_id bigint not null, is_applied boolean not null, tstamp timestamp default now());
insert into users (email, created_at) select 'u' || n || '@example.com', now() from generate_series(1, 50) n;
insert into orders (user_id, state, total) select id, 'new', id * 1.5 from users;
with batch as (select id from orders where note is null order by id limit 20 for update skip locked) update orders set note = '' from batch where orders.id = batch.id;
update orders set total = total * 2 where id in (select id from orders where total > 10);
delete from orders where state = 'paid' and user_id not in (select id from users);
alter table orders add constraint total_positive check (total >= 0) not valid;
alter table orders validate constraint total_positive;
alter table orders rename column note to remark;
create table archive (like orders including all);
insert into archive select * from orders where id % 2 = 0 on conflict do nothing;
create materialized view per_state as select state, count(*) from orders group by state;
refresh materialized view per_state;
vacuum analyze orders;
select table_name, column_name, is_nullable, data_type from information_schema.columns where table_schema = 'public' and table_name = 'orders' order by ordinal_position;
drop materialized view per_state; drop view open_orders; drop table archive, orders cascade; drop function touch(); drop type mood, level; drop domain percent; drop sequence if exists order_seq;
