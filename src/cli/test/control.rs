//! What a test kit and its proxy say to each other, in lines of JSON over stdin and stdout (docs/kits.md).

use std::io::{self, BufRead as _, Read as _, Write as _};
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
#[cfg(unix)]
use std::{thread, time::Duration};

use serde_json::{Value, json};

use super::message::{self, ControlMessage, key};
use crate::cli::output::WRONG;
use crate::explain::report::{self, Paint};
use crate::testing::{ExplainRequest, Instance, Options};

/// Speaks until the kit has nothing more to say, or is gone.
pub(super) fn run(options: Options, parent: Option<i32>) -> anyhow::Result<ExitCode> {
    if let Some(parent) = parent.filter(|parent| is_orphan(*parent)) {
        return refuse(&format!(
            "process {parent} isn't the parent of this one: --parent names the process that starts it, without a shell \
             or another program between them"
        ));
    }
    let running = Arc::new(RunningInstance::default());
    watch(parent, &running)?;
    let instance = match Instance::start(options, true) {
        Ok(instance) => running.instance.get_or_init(|| instance),
        Err(error) => return refuse(&error.to_string()),
    };
    // Whoever ended it meanwhile left the rest to this thread.
    if running.is_ended.load(Ordering::SeqCst) {
        instance.discard();
        return refuse("it was ended before it was ready");
    }
    say(&json!({"ready": ready(instance)}))?;
    converse(instance)?;
    instance.discard();
    Ok(ExitCode::SUCCESS)
}

fn converse(instance: &Instance) -> anyhow::Result<()> {
    let mut stdin = io::stdin().lock();
    loop {
        let mut line = Vec::new();
        // A kit that went away can't be told of it.
        let Ok(read) = stdin.by_ref().take(MAX_LINE).read_until(b'\n', &mut line) else { return Ok(()) };
        if read == 0 {
            return Ok(());
        }
        if read as u64 == MAX_LINE && !line.ends_with(b"\n") {
            skip_line(&mut stdin)?;
            say(&json!({"id": null, "error": format!("a line has more than {MAX_LINE} bytes")}))?;
            continue;
        }
        if line.trim_ascii().is_empty() {
            continue;
        }
        let (id, message) = message::read(&line);
        let is_end = matches!(message, Ok(ControlMessage::Stop));
        let came = match message.and_then(|message| obey(instance, message)) {
            Ok(done) => json!({"id": id, "ok": done}),
            Err(error) => json!({"id": id, "error": error}),
        };
        if is_end {
            // The port is free when the kit hears of it.
            instance.discard();
        }
        if say(&came).is_err() || is_end {
            return Ok(());
        }
    }
}

fn skip_line(stdin: &mut impl io::BufRead) -> io::Result<()> {
    loop {
        let buffer = stdin.fill_buf()?;
        let (len, is_end) = match buffer.iter().position(|byte| *byte == b'\n') {
            Some(at) => (at + 1, true),
            None => (buffer.len(), buffer.is_empty()),
        };
        stdin.consume(len);
        if is_end {
            return Ok(());
        }
    }
}

fn refuse(error: &str) -> anyhow::Result<ExitCode> {
    say(&json!({"error": error}))?;
    Ok(ExitCode::from(WRONG))
}

/// The edge, for the threads that may end it.
#[derive(Default)]
struct RunningInstance {
    instance: OnceLock<Instance>,
    is_ended: AtomicBool,
}

fn ready(instance: &Instance) -> Value {
    json!({
        "protocol": PROTOCOL,
        "version": env!("CARGO_PKG_VERSION"),
        "pid": std::process::id(),
        "url": instance.url(),
        "key": key(&instance.key()),
        "env": env(instance),
    })
}

fn env(instance: &Instance) -> Value {
    instance.env().into_iter().map(|(name, value)| (name.to_owned(), Value::from(value))).collect()
}

fn obey(instance: &Instance, message: ControlMessage) -> Result<Value, String> {
    match message {
        ControlMessage::Explain(question) => explain(instance, &question),
        ControlMessage::Requests { since } => {
            let requests = instance.requests(since);
            let last = requests.last().map_or(since, |request| request.number);
            let requests: Vec<Value> = requests.iter().map(message::request).collect();
            Ok(json!({"requests": requests, "last": last}))
        }
        ControlMessage::RotateKey(kind) => {
            let fresh = instance.rotate_key(kind).map_err(|error| error.to_string())?;
            Ok(json!({"key": key(&fresh), "env": env(instance)}))
        }
        ControlMessage::RevokeKey(id) => {
            instance.revoke_key(&id).map_err(|error| error.to_string())?;
            Ok(json!({"key": key(&instance.key()), "env": env(instance)}))
        }
        ControlMessage::Reload(changes) => {
            instance.reload(changes).map_err(|error| error.to_string())?;
            Ok(json!({}))
        }
        ControlMessage::Exposed { pattern, host } => instance.exposed(&pattern, host.as_deref()).map(|found| {
            json!({"exposed": found.map(|exposed| {
                json!({"path": exposed.path, "behavior": exposed.behavior, "distribution": exposed.distribution})
            })})
        }),
        ControlMessage::Stop => Ok(json!({})),
    }
}

fn explain(instance: &Instance, question: &ExplainRequest) -> Result<Value, String> {
    let explanation = instance.explain(question).map_err(|error| error.to_string())?;
    Ok(json!({"text": report::text(&explanation, Paint(false)), "report": report::json(&explanation)}))
}

/// Unlike an answer to a person, one that nobody reads is the end.
fn say(message: &Value) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    writeln!(stdout, "{message}")?;
    stdout.flush()
}

/// Whether that process is no longer the parent of this one.
#[cfg(unix)]
fn is_orphan(parent: i32) -> bool {
    rustix::process::getppid().map(|pid| pid.as_raw_nonzero().get()) != Some(parent)
}

#[cfg(not(unix))]
fn is_orphan(_: i32) -> bool {
    false
}

/// Ends this process when that one is no longer its parent: a kit that was killed can't say so, and its pipe may live on
/// in another process that it started. A Ctrl-C is for the kit, which then says when this is to end.
#[cfg(unix)]
fn watch(parent: Option<i32>, running: &Arc<RunningInstance>) -> io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let running = Arc::clone(running);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let signals = runtime.block_on(async {
        let (terminate, hangup) = (signal(SignalKind::terminate())?, signal(SignalKind::hangup())?);
        Ok::<_, io::Error>((terminate, hangup, signal(SignalKind::interrupt())?, signal(SignalKind::quit())?))
    });
    let (mut terminate, mut hangup, mut interrupt, mut quit) = signals?;
    let watching = async move {
        while !parent.is_some_and(is_orphan) {
            tokio::select! {
                _ = terminate.recv() => break,
                _ = hangup.recv() => break,
                _ = interrupt.recv() => {}
                _ = quit.recv() => {}
                () = tokio::time::sleep(LOOK) => {}
            }
        }
    };
    thread::Builder::new().name("parent".to_owned()).spawn(move || {
        runtime.block_on(watching);
        running.is_ended.store(true, Ordering::SeqCst);
        // One that is still starting looks by itself whether it has ended.
        if let Some(instance) = running.instance.get() {
            instance.discard();
            std::process::exit(0);
        }
    })?;
    Ok(())
}

/// Elsewhere the end of stdin has to do.
#[cfg(not(unix))]
fn watch(_: Option<i32>, _: &Arc<RunningInstance>) -> io::Result<()> {
    Ok(())
}

/// Changes with what a kit has to know.
const PROTOCOL: u32 = 1;
#[cfg(unix)]
const LOOK: Duration = Duration::from_millis(250);
/// A request with its cookies is shorter.
const MAX_LINE: u64 = 1 << 20;
