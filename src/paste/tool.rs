//! Which program a command line starts, and the requests of its words.

use super::command::Command;
use super::link::Link;

/// A program that requests URLs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tool {
    Curl,
    /// HTTPie and xh: `[METHOD] URL [NAME:VALUE] [NAME==VALUE]`; the scheme that is taken where none is given.
    Httpie {
        scheme: &'static str,
    },
    /// Headers behind an option, URLs with their scheme among the words.
    Downloader,
}

impl Tool {
    /// The program of a command line, and its words from the program on.
    pub(super) fn of(line: &str) -> Option<(Self, &str)> {
        let mut rest = without_prompt(line);
        for _ in 0..3 {
            let name = rest.split_whitespace().next()?;
            let base = name.rsplit(['/', '\\']).next().unwrap_or(name);
            let base = base.strip_suffix(".exe").unwrap_or(base);
            let after = rest[name.len()..].trim_start();
            let tool = match base {
                "curl" => Self::Curl,
                "http" | "xh" => Self::Httpie { scheme: "http" },
                "https" | "xhs" => Self::Httpie { scheme: "https" },
                "wget" | "wget2" | "aria2c" | "yt-dlp" | "youtube-dl" | "ffmpeg" | "ffprobe" | "ffplay"
                | "mpv" | "axel" | "vlc" | "streamlink" | "httrack" => Self::Downloader,
                "sudo" | "time" | "exec" | "command" => {
                    rest = after;
                    continue;
                }
                _ => return None,
            };
            // A word of a sentence isn't a command.
            let is_assigned = after.starts_with('=');
            // A load balancer's log begins with the scheme and the time.
            let is_logged = after.starts_with("20") && after.as_bytes().get(4) == Some(&b'-');
            return (!name.contains("://") && !after.is_empty() && !is_assigned && !is_logged)
                .then_some((tool, rest));
        }
        None
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Curl => "a curl command",
            Self::Httpie { .. } => "an HTTPie command",
            Self::Downloader => "a command that downloads",
        }
    }
}

/// Without the prompt in front of a copied command: `$ `, `PS C:\>`, `user@host:~$`.
fn without_prompt(line: &str) -> &str {
    let line = line.trim_start();
    let after_sign = line.find(['$', '%', '>', '#']).map(|at| line.split_at(at));
    match after_sign {
        Some((before, rest))
            if before.len() <= MAX_PROMPT && !before.contains("://") && !before.contains(' ') =>
        {
            rest[1..].trim_start()
        }
        Some((before, rest)) if before.starts_with("PS ") && before.len() <= MAX_PROMPT => {
            rest[1..].trim_start()
        }
        _ => line,
    }
}

/// The links of a command, from its words.
///
/// # Errors
/// Where it names no URL.
pub(super) fn links(tool: Tool, place: &str, words: &[String]) -> Result<Vec<Link>, String> {
    let end = words.iter().position(|word| matches!(word.as_str(), "|" | "||" | "&&" | ">" | ">>" | "2>&1"));
    let words = &words[..end.unwrap_or(words.len())];
    let words = words.iter().skip(1).map(String::as_str);
    let command = match tool {
        Tool::Curl => Command::of_curl(words),
        Tool::Httpie { scheme } => Command::of_httpie(words, scheme),
        Tool::Downloader => Command::of_downloader(words),
    };
    command.into_links(place)
}

/// Characters in front of a command's name.
const MAX_PROMPT: usize = 60;
