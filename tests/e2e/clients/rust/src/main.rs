// What tokio-postgres does with a server: binary format, pipelined requests from concurrent futures, portals, COPY
// streams, simple queries, transactions, notices, cancel. Prints a transcript.
use futures_util::{future, pin_mut, SinkExt, StreamExt, TryStreamExt};
use openssl::ssl::{SslConnector, SslMethod};
use postgres_openssl::MakeTlsConnector;
use std::{env, time::Duration};
use tokio_postgres::{Client, Config, Error, SimpleQueryMessage};

fn outcome<T>(label: &str, result: Result<T, Error>) {
    match result.as_ref().err().and_then(|error| error.as_db_error()) {
        Some(error) => println!("{label} {} {}", error.code().code(), error.message()),
        None => println!("{label} {:?}", result.err().map(|error| error.to_string())),
    }
}

async fn statements(client: &Client) -> Result<(), Error> {
    client.batch_execute("create temp table account (id int primary key, owner text, balance float8)").await?;
    let add = client.prepare("insert into account values ($1, $2, $3)").await?;
    println!("parameters {:?}", add.params());
    let rows: Vec<(i32, String, f64)> = (0..300).map(|i| (i, format!("o{i}"), f64::from(i) * 1.5)).collect();
    let inserts = rows.iter().map(|row| async { client.execute(&add, &[&row.0, &row.1, &row.2]).await });
    println!("pipelined {}", future::try_join_all(inserts).await?.iter().sum::<u64>());
    let row = client.query_one("select sum(balance), count(*) from account where owner <> $1", &[&"o7"]).await?;
    println!("sum {:?} {}", row.get::<_, Option<f64>>(0), row.get::<_, i64>(1));
    let row = client.query_one("select 'grüße'::text, array[1,2,null]::int[], '\\x00ff'::bytea, null::int", &[]).await?;
    println!("types {} {:?} {:?} {:?}", row.get::<_, &str>(0), row.get::<_, Vec<Option<i32>>>(1), row.get::<_, &[u8]>(2), row.get::<_, Option<i32>>(3));
    for message in client.simple_query("select 1; select 'two'; update account set balance = 0 where id < 3").await? {
        match message {
            SimpleQueryMessage::Row(row) => println!("simple {:?}", row.get(0)),
            SimpleQueryMessage::CommandComplete(rows) => println!("complete {rows}"),
            _ => println!("other"),
        }
    }
    outcome("duplicate", client.execute("insert into account values (1, 'x', 0)", &[]).await);
    outcome("syntax", client.execute("selec 1", &[]).await);
    Ok(())
}

async fn transactions(client: &mut Client) -> Result<(), Error> {
    let mut transaction = client.transaction().await?;
    let portal = transaction.bind("select id from account order by id", &[]).await?;
    let mut total = 0;
    loop {
        let rows = transaction.query_portal(&portal, 23).await?;
        if rows.is_empty() {
            break;
        }
        total += rows.iter().map(|row| row.get::<_, i32>(0)).sum::<i32>();
    }
    println!("portal {total}");
    let point = transaction.savepoint("here").await?;
    outcome("division", point.query("select 1/0", &[]).await);
    outcome("aborted", point.query("select 1", &[]).await);
    point.rollback().await?;
    println!("recovered {}", transaction.query_one("select count(*) from account", &[]).await?.get::<_, i64>(0));
    transaction.commit().await
}

async fn copies(client: &Client) -> Result<(), Error> {
    let sink = client.copy_in("copy account from stdin").await?;
    pin_mut!(sink);
    for i in 1000..6000 {
        sink.send(bytes_of(format!("{i}\tcopied\t{i}\n"))).await?;
    }
    println!("copy in {}", sink.finish().await?);
    let stream = client.copy_out("copy (select * from account order by id) to stdout").await?;
    let size = stream.try_fold(0, |sum, block| async move { Ok(sum + block.len()) }).await?;
    println!("copy out {size}");
    Ok(())
}

fn bytes_of(text: String) -> std::io::Cursor<Vec<u8>> {
    std::io::Cursor::new(text.into_bytes())
}

/// After a cancel request the server closes; the driver calls it an error when that came before its own TLS shutdown.
fn was_closed_first(error: &Error) -> bool {
    let cause = std::error::Error::source(error).and_then(|source| source.downcast_ref::<std::io::Error>());
    cause.is_some_and(|io| io.kind() == std::io::ErrorKind::NotConnected)
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let var = |name: &str| env::var(name).unwrap_or_default();
    let mut builder = SslConnector::builder(SslMethod::tls())?;
    let mut config = Config::new();
    config.host(&var("PGHOST")).port(var("PGPORT").parse()?).user(&var("PGUSER")).dbname(&var("PGDATABASE"));
    config.application_name("tokio-postgres-client").ssl_mode(tokio_postgres::config::SslMode::Disable);
    if !matches!(var("PGSSLMODE").as_str(), "" | "disable") {
        builder.set_ca_file(var("PGSSLROOTCERT"))?;
        config.ssl_mode(tokio_postgres::config::SslMode::Require);
    }
    let tls = MakeTlsConnector::new(builder.build());
    let (mut client, connection) = config.connect(tls.clone()).await?;
    let mut connection = Box::pin(connection);
    let mut messages = futures_util::stream::poll_fn(move |context| connection.poll_message(context));
    tokio::spawn(async move {
        while let Some(message) = messages.next().await {
            match message {
                Ok(tokio_postgres::AsyncMessage::Notification(n)) => println!("notification {} {}", n.channel(), n.payload()),
                Ok(tokio_postgres::AsyncMessage::Notice(n)) => println!("notice {}", n.message()),
                _ => {}
            }
        }
    });
    statements(&client).await?;
    transactions(&mut client).await?;
    copies(&client).await?;
    client.batch_execute("listen news; notify news, 'hello'").await?;
    client.batch_execute("do $$ begin raise notice 'careful'; end $$").await?;
    let token = client.cancel_token();
    let stop = async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        token.cancel_query(tls.clone()).await
    };
    let (slept, stopped) = tokio::join!(client.batch_execute("select pg_sleep(30)"), stop);
    stopped.or_else(|error| if was_closed_first(&error) { Ok(()) } else { Err(error) })?;
    outcome("cancelled", slept);
    println!("done");
    Ok(())
}
