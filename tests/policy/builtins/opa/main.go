// Answers built-in calls with the real OPA: one JSON object a line in, the same object with "result",
// "undefined" or "error" and "kind" out. The answers are the goldens of builtins/golden/*.jsonl.
//
//	generate.py 1 | go run . > ../golden/random.jsonl
//
// Values are JSON; a set is {"$set": [...]}, an object with keys that are no strings {"$object": [[key, value], ...]}.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"math/rand"
	"os"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/metrics"
	"github.com/open-policy-agent/opa/v1/topdown"
	"github.com/open-policy-agent/opa/v1/topdown/builtins"
)

type call struct {
	Call      string          `json:"call"`
	Args      []any           `json:"args"`
	Result    json.RawMessage `json:"result,omitempty"`
	Undefined bool            `json:"undefined,omitempty"`
	Error     string          `json:"error,omitempty"`
	Kind      string          `json:"kind,omitempty"`
}

func terms(values []any) []*ast.Term {
	out := make([]*ast.Term, len(values))
	for i, v := range values {
		out[i] = term(v)
	}
	return out
}

func term(value any) *ast.Term {
	switch v := value.(type) {
	case json.Number:
		return ast.NumberTerm(v)
	case string:
		return ast.StringTerm(v)
	case bool:
		return ast.BooleanTerm(v)
	case []any:
		return ast.ArrayTerm(terms(v)...)
	case map[string]any:
		if elements, ok := v["$set"].([]any); ok {
			return ast.SetTerm(terms(elements)...)
		}
		object := ast.NewObject()
		if pairs, ok := v["$object"].([]any); ok {
			for _, p := range pairs {
				object.Insert(term(p.([]any)[0]), term(p.([]any)[1]))
			}
		} else {
			for k, e := range v {
				object.Insert(ast.StringTerm(k), term(e))
			}
		}
		return ast.NewTerm(object)
	}
	return ast.NullTerm()
}

func text(value any) string {
	bs, err := json.Marshal(value)
	if err != nil {
		panic(err)
	}
	return string(bs)
}

func list(each func(func(*ast.Term))) string {
	var parts []string
	each(func(t *ast.Term) { parts = append(parts, tagged(t.Value)) })
	return "[" + strings.Join(parts, ",") + "]"
}

func tagged(value ast.Value) string {
	switch v := value.(type) {
	case ast.Number:
		return string(v)
	case ast.String:
		return text(string(v))
	case ast.Boolean:
		return text(bool(v))
	case *ast.Array:
		return list(v.Foreach)
	case ast.Set:
		return `{"$set":` + list(v.Foreach) + "}"
	case ast.Object:
		var plain, pairs []string
		strings_only := true
		v.Foreach(func(k, e *ast.Term) {
			_, isString := k.Value.(ast.String)
			strings_only = strings_only && isString
			plain = append(plain, tagged(k.Value)+":"+tagged(e.Value))
			pairs = append(pairs, "["+tagged(k.Value)+","+tagged(e.Value)+"]")
		})
		if strings_only {
			return "{" + strings.Join(plain, ",") + "}"
		}
		return `{"$object":[` + strings.Join(pairs, ",") + "]}"
	}
	return "null"
}

func answer(c *call) {
	defer func() {
		if r := recover(); r != nil {
			c.Kind, c.Error = "panic", fmt.Sprint(r)
		}
	}()
	bctx := topdown.BuiltinContext{
		Context: context.Background(), Metrics: metrics.New(), Seed: rand.New(rand.NewSource(1)),
		Time: ast.NumberTerm("1700000000000000000"), Cache: builtins.Cache{}, Cancel: topdown.NewCancel(),
	}
	var results []*ast.Term
	fn := topdown.GetBuiltin(c.Call)
	if fn == nil {
		c.Kind = "unknown"
		return
	}
	err := fn(bctx, terms(c.Args), func(t *ast.Term) error {
		if t != nil {
			results = append(results, ast.NewTerm(t.Value))
		}
		return nil
	})
	if err != nil {
		c.Kind = "halt"
		c.Error = err.Error()
		if e, ok := err.(*topdown.Error); ok {
			c.Kind, c.Error = e.Code, e.Message
		}
		return
	}
	if c.Call == "walk" {
		c.Result = json.RawMessage(tagged(ast.NewArray(results...)))
	} else if len(results) == 0 {
		c.Undefined = true
	} else {
		c.Result = json.RawMessage(tagged(ordered(c.Call, results[0]).Value))
	}
}

// ordered sorts what OPA gives in the random order of Go's maps: the complaints of json.match_schema.
func ordered(call string, result *ast.Term) *ast.Term {
	if pair, ok := result.Value.(*ast.Array); ok && call == "json.match_schema" {
		return ast.ArrayTerm(pair.Elem(0), ast.NewTerm(pair.Elem(1).Value.(*ast.Array).Sorted()))
	}
	return result
}

func main() {
	in := bufio.NewScanner(os.Stdin)
	in.Buffer(nil, 64<<20)
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	for in.Scan() {
		decoder := json.NewDecoder(strings.NewReader(in.Text()))
		decoder.UseNumber()
		var c call
		if err := decoder.Decode(&c); err != nil {
			fmt.Fprintln(os.Stderr, err, in.Text())
			os.Exit(1)
		}
		answer(&c)
		if c.Kind == "panic" || c.Kind == "unknown" || (c.Result != nil && !json.Valid(c.Result)) {
			continue // a crash of OPA's, or a number text that JSON cannot carry: nothing to compare with
		}
		buf := &strings.Builder{}
		enc := json.NewEncoder(buf)
		enc.SetEscapeHTML(false)
		if err := enc.Encode(&c); err != nil {
			continue
		}
		fmt.Fprint(out, buf.String())
	}
}
