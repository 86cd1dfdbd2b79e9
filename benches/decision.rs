//! How long a decision takes, and its parts: `cargo bench --bench decision [NAME]`.

use criterion::Criterion;

mod cases;

fn main() -> cases::Fallible<()> {
    let mut criterion = Criterion::default().configure_from_args();
    for case in cases::WITHOUT_CRYPTOGRAPHY.iter().chain(&cases::WITH_CRYPTOGRAPHY) {
        let work = case.prepare()?;
        criterion.bench_function(case.name, |bencher| bencher.iter(&work));
    }
    criterion.final_summary();
    Ok(())
}
