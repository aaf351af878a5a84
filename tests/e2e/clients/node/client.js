// What node-postgres does with a server: parameters, named statements, cursors (portals), COPY streams, transactions,
// errors, notifications, a pool. Prints a transcript.
const fs = require('fs');
const { once } = require('events');
const { Client, Pool } = require('pg');
const Cursor = require('pg-cursor');
const { from, to } = require('pg-copy-streams');

const show = (label, ...values) => console.log(label, JSON.stringify(values));
const tls = (process.env.PGSSLMODE || 'disable') !== 'disable' && { ca: fs.readFileSync(process.env.PGSSLROOTCERT, 'utf8') };
const options = { ssl: tls, application_name: 'node-postgres-client' };

async function attempt(label, promise) {
  try {
    show(label, (await promise).rows);
  } catch (error) {
    show(label, error.code, error.message);
  }
}

async function statements(client) {
  await client.query('create temp table account (id int primary key, owner text, balance numeric(12,2))');
  for (let i = 0; i < 100; i++)
    await client.query({ name: 'add', text: 'insert into account values ($1, $2, $3)', values: [i, `o${i}`, i] });
  show('sum', (await client.query('select sum(balance), count(*) from account where owner <> $1', ['o7'])).rows);
  show('types', (await client.query(
    `select 1::int2, 9223372036854775807::int8, 1.5::float8, 9.99::numeric, true, 'grüße'::text, '\\x00ff'::bytea,
            '{"a": [1, null]}'::jsonb, array[1,2,null]::int[], null::int, '1 day 02:03'::interval`)).rows);
  show('several', (await client.query('select 1 as a; select 2 as b; select 3 as c')).map((r) => r.rows));
  show('queued', (await Promise.all([1, 2, 3].map((i) => client.query('select $1::int as i', [i])))).map((r) => r.rows[0].i));
  await attempt('duplicate', client.query("insert into account values (1, 'x', 0)"));
  await attempt('syntax', client.query('selec 1'));
  await client.query('begin');
  await attempt('division', client.query('select 1/0'));
  await attempt('aborted', client.query('select 1'));
  await client.query('rollback');
}

async function cursors(client) {
  await client.query('begin');
  const cursor = client.query(new Cursor('select id from account order by id'));
  let total = 0;
  for (let rows = await cursor.read(17); rows.length; rows = await cursor.read(17))
    for (const row of rows) total += row.id;
  await cursor.close();
  show('cursor', total);
  await client.query('commit');
}

async function copies(client) {
  const input = client.query(from('copy account from stdin'));
  for (let i = 1000; i < 6000; i++) if (!input.write(`${i}\tcopied\t${i}\n`)) await once(input, 'drain');
  input.end();
  await once(input, 'finish');
  show('copy in', input.rowCount);
  let bytes = 0;
  for await (const chunk of client.query(to('copy (select * from account order by id) to stdout'))) bytes += chunk.length;
  show('copy out', bytes);
}

async function main() {
  const client = new Client(options);
  await client.connect();
  show('application', (await client.query('show application_name')).rows);
  await statements(client);
  await cursors(client);
  await copies(client);
  await client.query('listen news');
  const heard = once(client, 'notification');
  await client.query("notify news, 'hello'");
  const [notice] = await heard;
  show('notification', notice.channel, notice.payload);
  show('large', (await client.query("select repeat('y', 1000000) as y")).rows[0].y.length);
  await client.query("set statement_timeout = '200ms'");
  await attempt('timeout', client.query('select pg_sleep(30)'));
  await client.end();

  const pool = new Pool({ ...options, max: 4 });
  const answers = await Promise.all([...Array(40).keys()].map((i) => pool.query('select $1::int as i', [i])));
  show('pool', answers.reduce((sum, r) => sum + r.rows[0].i, 0));
  await pool.end();
  show('done');
}

main().catch((error) => { console.error(error); process.exit(1); });
