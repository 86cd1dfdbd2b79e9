//! What a test kit and its proxy say to each other, in lines of JSON over stdin and stdout (docs/kits.md).

use std::io::{BufRead as _, Read as _};
use std::process::ExitCode;
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use std::{io, thread};

use serde_json::{Value, json};

use super::message::{self, Message, key};
use crate::cli::{WRONG, answer};
use crate::explain::report::{self, Paint};
use crate::testing::{Instance, Options, Question};

/// Speaks until the kit has nothing more to say, or is gone.
pub(super) fn run(options: Options, parent: Option<i32>) -> anyhow::Result<ExitCode> {
    let running = Arc::new(OnceLock::new());
    watch(parent, &running)?;
    let instance = match Instance::start(options, true) {
        Ok(instance) => running.get_or_init(|| instance),
        Err(error) => {
            say(&json!({"error": error.to_string()}))?;
            return Ok(ExitCode::from(WRONG));
        }
    };
    say(&json!({"ready": ready(instance)}))?;
    let mut stdin = io::stdin().lock();
    loop {
        let mut line = Vec::new();
        // A kit that went away can't be told of it.
        let Ok(read) = stdin.by_ref().take(MAX_LINE).read_until(b'\n', &mut line) else { break };
        if read == 0 {
            break;
        }
        if line.trim_ascii().is_empty() {
            continue;
        }
        let (id, message) = message::read(&line);
        let is_end = matches!(message, Ok(Message::Stop));
        let came = match message.and_then(|message| obey(instance, message)) {
            Ok(done) => json!({"id": id, "ok": done}),
            Err(error) => json!({"id": id, "error": error}),
        };
        if is_end {
            // The port is free when the kit hears of it.
            instance.discard();
        }
        if say(&came).is_err() || is_end {
            break;
        }
    }
    instance.discard();
    Ok(ExitCode::SUCCESS)
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

fn obey(instance: &Instance, message: Message) -> Result<Value, String> {
    match message {
        Message::Explain(question) => explain(instance, &question),
        Message::Requests { since } => {
            let requests = instance.requests(since);
            let last = requests.last().map_or(since, |request| request.number);
            let requests: Vec<Value> = requests.iter().map(message::request).collect();
            Ok(json!({"requests": requests, "last": last}))
        }
        Message::RotateKey(kind) => {
            let fresh = instance.rotate_key(kind).map_err(|error| error.to_string())?;
            Ok(json!({"key": key(&fresh), "env": env(instance)}))
        }
        Message::RevokeKey(id) => {
            instance.revoke_key(&id).map_err(|error| error.to_string())?;
            Ok(json!({"key": key(&instance.key()), "env": env(instance)}))
        }
        Message::Reload(changes) => {
            instance.reload(changes).map_err(|error| error.to_string())?;
            Ok(json!({}))
        }
        Message::Exposed { pattern, host } => instance.exposed(&pattern, host.as_deref()).map(|found| {
            json!({"exposed": found.map(|exposed| {
                json!({"path": exposed.path, "behavior": exposed.behavior, "distribution": exposed.distribution})
            })})
        }),
        Message::Stop => Ok(json!({})),
    }
}

fn explain(instance: &Instance, question: &Question) -> Result<Value, String> {
    let explanation = instance.explain(question).map_err(|error| error.to_string())?;
    Ok(json!({"text": report::text(&explanation, Paint(false)), "report": report::json(&explanation)}))
}

fn say(message: &Value) -> anyhow::Result<()> {
    answer(&format!("{message}\n"))
}

/// Ends this process when that one is no longer its parent: a kit that was killed can't say so, and its pipe may live on
/// in another process that it started. A Ctrl-C is for the kit, which then says when this is to end.
#[cfg(unix)]
fn watch(parent: Option<i32>, instance: &Arc<OnceLock<Instance>>) -> io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let is_orphan = move || {
        let now = rustix::process::getppid().map(|pid| pid.as_raw_nonzero().get());
        parent.is_some_and(|parent| now != Some(parent))
    };
    let instance = Arc::clone(instance);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let signals = runtime.block_on(async {
        Ok::<_, io::Error>((signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?))
    });
    let (mut terminate, mut interrupt) = signals?;
    let watching = async move {
        while !is_orphan() {
            tokio::select! {
                _ = terminate.recv() => break,
                _ = interrupt.recv() => {}
                () = tokio::time::sleep(LOOK) => {}
            }
        }
    };
    thread::Builder::new().name("parent".to_owned()).spawn(move || {
        runtime.block_on(watching);
        if let Some(instance) = instance.get() {
            instance.discard();
        }
        std::process::exit(0);
    })?;
    Ok(())
}

/// Elsewhere the end of stdin has to do.
#[cfg(not(unix))]
fn watch(_: Option<i32>, _: &Arc<OnceLock<Instance>>) -> io::Result<()> {
    let _ = (LOOK, thread::current());
    Ok(())
}

/// Changes with what a kit has to know.
const PROTOCOL: u32 = 1;
const LOOK: Duration = Duration::from_millis(250);
/// A request with its cookies is shorter.
const MAX_LINE: u64 = 1 << 20;
