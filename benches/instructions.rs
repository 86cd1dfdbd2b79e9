//! Repeats one case, for a tool that counts instructions: `script/gate` runs `instructions measure CASE TIMES`.
//!
//! `instructions list` names the cases that can be counted, `instructions key` makes a key for all of them. Without either, as in `cargo test`, every case runs once.

use std::hint::black_box;

mod cases;

fn main() -> cases::Fallible<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["list"] => {
            for case in &cases::WITHOUT_CRYPTOGRAPHY {
                println!("{}", case.name);
            }
        }
        ["key"] => print!("{}", frontgate::sign::PrivateKey::generate_rsa()?.to_pem()?),
        ["measure", name, times] => measure(name, times.parse()?)?,
        _ => {
            for case in cases::WITHOUT_CRYPTOGRAPHY.iter().chain(&cases::WITH_CRYPTOGRAPHY) {
                case.prepare()?();
            }
        }
    }
    Ok(())
}

fn measure(name: &str, times: u32) -> cases::Fallible<()> {
    let case = cases::WITHOUT_CRYPTOGRAPHY.iter().find(|case| case.name == name);
    let work = case.ok_or_else(|| format!("no case {name} is counted"))?.prepare()?;
    // What happens only once, such as a buffer that grows, is over before the count begins.
    for _ in 0..WARM_UP {
        work();
    }
    counted_part(times, &work);
    Ok(())
}

/// The tool counts from this function's beginning to its end: it must stay a function.
#[inline(never)]
fn counted_part(times: u32, work: &dyn Fn()) {
    for _ in 0..black_box(times) {
        work();
    }
}

const WARM_UP: u32 = 200;
