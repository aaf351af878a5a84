// A decision's cost in OPA, as a library and prepared, the way its own documentation embeds it.
//
//	opa POLICY DATA INPUT QUERY
//
// Prints {"result": ..., "load_seconds": ...} when it is ready; then, for each line SECONDS on standard
// input, the nanoseconds of a decision over at least that time.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"runtime/debug"
	"strconv"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/rego"
	"github.com/open-policy-agent/opa/v1/storage/inmem"
)

func fail(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func parsed(path string) (value any) {
	text, err := os.ReadFile(path)
	fail(err)
	fail(json.Unmarshal(text, &value))
	return value
}

func main() {
	policy, err := os.ReadFile(os.Args[1])
	fail(err)
	ctx, began := context.Background(), time.Now()
	// Documents kept as OPA's own values: faster to read than the default.
	store := inmem.NewFromObjectWithOpts(parsed(os.Args[2]).(map[string]any), inmem.OptReturnASTValuesOnRead(true))
	query, err := rego.New(rego.Query(os.Args[4]), rego.Module("policy.rego", string(policy)), rego.Store(store)).PrepareForEval(ctx)
	fail(err)
	load := time.Since(began).Seconds()
	input, err := ast.InterfaceToValue(parsed(os.Args[3]))
	fail(err)
	decide := func() rego.ResultSet {
		results, err := query.Eval(ctx, rego.EvalParsedInput(input))
		fail(err)
		return results
	}
	var result any
	if results := decide(); len(results) > 0 {
		result = results[0].Expressions[0].Value
	}
	for range 100 {
		decide()
	}
	debug.FreeOSMemory()
	ready, err := json.Marshal(map[string]any{"result": result, "load_seconds": load})
	fail(err)
	fmt.Println(string(ready))
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		seconds, err := strconv.ParseFloat(lines.Text(), 64)
		fail(err)
		calls, began := 0, time.Now()
		for time.Since(began).Seconds() < seconds {
			for range 16 {
				decide()
			}
			calls += 16
		}
		fmt.Println(float64(time.Since(began).Nanoseconds()) / float64(calls))
	}
}
