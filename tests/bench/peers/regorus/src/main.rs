// A decision's cost in regorus, compiled for its virtual machine, the fastest way it offers.
//
//   bench_regorus POLICY DATA INPUT QUERY
//
// Prints {"result": ..., "load_seconds": ...} when it is ready; then, for each line SECONDS on standard
// input, the nanoseconds of a decision over at least that time.
use std::io::BufRead;
use std::time::Instant;

use regorus::languages::rego::compiler::Compiler;
use regorus::rvm::vm::RegoVM;
use regorus::{Engine, Rc, Value};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().collect();
    let text = |index: usize| std::fs::read_to_string(&arguments[index]);
    let began = Instant::now();
    let mut engine = Engine::new();
    engine.add_policy("policy.rego".into(), text(1)?)?;
    engine.add_data(Value::from_json_str(&text(2)?)?)?;
    let entry: Rc<str> = arguments[4].as_str().into();
    let policy = engine.compile_with_entrypoint(&entry)?;
    let program = Compiler::compile_from_policy(&policy, &[arguments[4].as_str()])?;
    let mut vm = RegoVM::new_with_policy(policy);
    vm.load_program(program);
    vm.set_data(engine.get_data())?;
    let load = began.elapsed().as_secs_f64();
    let input = Value::from_json_str(&text(3)?)?;
    let mut decide = || {
        vm.set_input(input.clone());
        vm.execute().expect("a decision")
    };
    println!("{{\"result\": {}, \"load_seconds\": {load}}}", decide().to_json_str()?);
    for _ in 0..100 {
        decide();
    }
    for line in std::io::stdin().lock().lines() {
        let seconds: f64 = line?.trim().parse()?;
        let (mut calls, began) = (0, Instant::now());
        while began.elapsed().as_secs_f64() < seconds {
            for _ in 0..16 {
                std::hint::black_box(decide());
            }
            calls += 16;
        }
        println!("{}", began.elapsed().as_nanos() as f64 / calls as f64);
    }
    Ok(())
}
