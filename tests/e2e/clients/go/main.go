// What pgx does with a server: automatic prepares and Describe, batches (pipelining), the pipeline of pgconn, COPY in
// binary, cursors, notifications, cancel by context, simple protocol. Prints a transcript.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

func show(label string, values ...any) {
	fmt.Print(label)
	for _, value := range values {
		fmt.Printf(" %v", value)
	}
	fmt.Println()
}

func must[T any](value T, err error) T {
	if err != nil {
		fmt.Fprintln(os.Stderr, "unexpected:", err)
		os.Exit(1)
	}
	return value
}

func attempt(label string, err error) {
	var refused *pgconn.PgError
	if errors.As(err, &refused) {
		show(label, refused.Severity, refused.Code, refused.Message)
		return
	}
	show(label, err == nil)
}

func statements(ctx context.Context, c *pgx.Conn) {
	must(c.Exec(ctx, "create temp table account (id int primary key, owner text, balance float8)"))
	batch := &pgx.Batch{}
	for i := 0; i < 300; i++ {
		batch.Queue("insert into account values ($1, $2, $3)", i, fmt.Sprintf("o%d", i), float64(i)*1.5)
	}
	batch.Queue("select sum(balance), count(*) from account")
	results := c.SendBatch(ctx, batch)
	for i := 0; i < 300; i++ {
		must(results.Exec())
	}
	var sum float64
	var count int
	must(0, results.QueryRow().Scan(&sum, &count))
	must(0, results.Close())
	show("batch", sum, count)
	for i := 0; i < 8; i++ {
		var owner string
		must(0, c.QueryRow(ctx, "select owner from account where id = $1", i).Scan(&owner))
		show("prepared", owner)
	}
	var text string
	var array []int32
	var stamp time.Time
	must(0, c.QueryRow(ctx, "select 'grüße'::text, array[1,2,3]::int[], '2026-11-22 10:00:00Z'::timestamptz").Scan(&text, &array, &stamp))
	show("types", text, array, stamp.UTC())
	_, err := c.Exec(ctx, "insert into account values ($1, 'x', 0)", 1)
	attempt("duplicate", err)
	_, err = c.Exec(ctx, "selec 1")
	attempt("syntax", err)
	must(0, c.QueryRow(ctx, "select $1::text", pgx.QueryExecModeSimpleProtocol, "it's").Scan(&text))
	show("simple protocol", text)
}

func failingBatch(ctx context.Context, c *pgx.Conn) {
	batch := &pgx.Batch{}
	batch.Queue("insert into account values (7000, 'batch', 1)")
	batch.Queue("select 1/0")
	batch.Queue("insert into account values (7001, 'batch', 1)")
	attempt("failing batch", c.SendBatch(ctx, batch).Close())
	var count int
	must(0, c.QueryRow(ctx, "select count(*) from account where id >= 7000").Scan(&count))
	show("rolled back", count)
}

func pipeline(ctx context.Context, c *pgx.Conn) {
	pipe := c.PgConn().StartPipeline(ctx)
	pipe.SendPrepare("twice", "select $1::int * 2", nil)
	must(0, pipe.Sync())
	for i := 0; i < 20; i++ {
		pipe.SendQueryPrepared("twice", [][]byte{[]byte(fmt.Sprint(i))}, nil, nil)
	}
	pipe.SendQueryParams("select 1/0", nil, nil, nil, nil)
	pipe.SendQueryPrepared("twice", [][]byte{[]byte("99")}, nil, nil)
	must(0, pipe.Sync())
	pipe.SendQueryPrepared("twice", [][]byte{[]byte("100")}, nil, nil)
	must(0, pipe.Sync())
	for {
		result, err := pipe.GetResults()
		if err != nil {
			attempt("pipeline", err)
			continue
		}
		if result == nil {
			break
		}
		switch value := result.(type) {
		case *pgconn.ResultReader:
			read := value.Read()
			if read.Err != nil {
				attempt("pipeline", read.Err)
			} else {
				show("pipeline", string(read.Rows[0][0]))
			}
		default:
			show("pipeline", fmt.Sprintf("%T", value))
		}
	}
	must(0, pipe.Close())
}

func copies(ctx context.Context, c *pgx.Conn) {
	rows := make([][]any, 5000)
	for i := range rows {
		rows[i] = []any{i + 10000, "copied", float64(i)}
	}
	show("copy in", must(c.CopyFrom(ctx, pgx.Identifier{"account"}, []string{"id", "owner", "balance"}, pgx.CopyFromRows(rows))))
	var bytes counter
	show("copy out", must(c.PgConn().CopyTo(ctx, &bytes, "copy (select * from account order by id) to stdout")), bytes)
}

type counter int

func (n *counter) Write(p []byte) (int, error) { *n += counter(len(p)); return len(p), nil }

func main() {
	ctx := context.Background()
	c := must(pgx.Connect(ctx, "application_name=pgx-client"))
	show("parameter", c.PgConn().ParameterStatus("application_name"))
	statements(ctx, c)
	failingBatch(ctx, c)
	pipeline(ctx, c)
	copies(ctx, c)

	must(c.Exec(ctx, "listen news"))
	must(c.Exec(ctx, "notify news, 'hello'"))
	notice := must(c.WaitForNotification(ctx))
	show("notification", notice.Channel, notice.Payload)

	soon, stop := context.WithTimeout(ctx, 300*time.Millisecond)
	_, err := c.Exec(soon, "select pg_sleep(30)")
	stop()
	show("cancelled", errors.Is(err, context.DeadlineExceeded), c.IsClosed())

	c = must(pgx.Connect(ctx, ""))
	go func() { time.Sleep(300 * time.Millisecond); must(0, c.PgConn().CancelRequest(ctx)) }()
	_, err = c.Exec(ctx, "select pg_sleep(30)")
	attempt("cancel request", err)
	must(0, c.Close(ctx))
	show("done")
}
