// A decision's cost in Cedar: the input is the request's context, policies are those of the workload that
// Cedar can express.
//
//   bench_cedar POLICY DATA INPUT QUERY     (POLICY in Cedar's language; DATA and QUERY are not used)
//
// Prints {"result": ..., "load_seconds": ...} when it is ready; then, for each line SECONDS on standard
// input, the nanoseconds of a decision over at least that time.
use std::io::BufRead;
use std::time::Instant;

use cedar_policy::{Authorizer, Context, Decision, Entities, PolicySet, Request};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().collect();
    let text = |index: usize| std::fs::read_to_string(&arguments[index]);
    let began = Instant::now();
    let policies: PolicySet = text(1)?.parse()?;
    let load = began.elapsed().as_secs_f64();
    let context = Context::from_json_str(&text(3)?, None)?;
    let request = Request::new(r#"User::"someone""#.parse()?, r#"Action::"do""#.parse()?, r#"Thing::"it""#.parse()?, context, None)?;
    let (authorizer, entities) = (Authorizer::new(), Entities::empty());
    let decide = || authorizer.is_authorized(&request, &policies, &entities).decision() == Decision::Allow;
    println!("{{\"result\": {}, \"load_seconds\": {load}}}", decide());
    for line in std::io::stdin().lock().lines() {
        let seconds: f64 = line?.trim().parse()?;
        let (mut calls, began) = (0, Instant::now());
        while began.elapsed().as_secs_f64() < seconds {
            for _ in 0..4 {
                std::hint::black_box(decide());
            }
            calls += 4;
        }
        println!("{}", began.elapsed().as_nanos() as f64 / calls as f64);
    }
    Ok(())
}
