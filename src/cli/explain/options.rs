//! The options of `frontgate explain`.

use std::net::IpAddr;
use std::path::PathBuf;

use clap::Args;
use http::Method;

use crate::viewer::Country;

#[derive(Args, Debug)]
#[command(
    after_help = "Each text may hold URLs, cookies (which belong to the URL before them, or else behind), \
commands and requests as browsers copy them (curl, fetch, PowerShell), wget and others, program code, heads of requests, \
JSON, exports of cookies, a HAR file, a policy, or lines of CloudFront's logs, of which the denied ones are explained.

Examples:
  frontgate explain 'https://media.example.com/a.mp4?Expires=…&Signature=…&Key-Pair-Id=…'
  frontgate explain 'https://…' --public-key K2JCJMDEHXQW5F=keys/K2JCJMDEHXQW5F.public.pem --at +2h
  frontgate explain 'https://…' --cookie 'CloudFront-Policy=…; CloudFront-Signature=…'
  frontgate explain 'http://localhost:8080/…' --keys .frontgate    # a link of `frontgate dev`
  frontgate explain --file session.har    # what a browser was denied, at the time it asked
  zcat E1.2026-11-24-10.abcd.gz | frontgate explain    # what a log says was denied
  frontgate explain 'https://…' --timeline    # from when to when it opens
  curl -si 'https://…' | frontgate explain --s3-or-cloudfront    # who sent it
Exit status: 0 allowed or undecided, 1 denied, 2 wrong usage or a text that can't be read."
)]
pub(in crate::cli) struct Explain {
    /// URLs, cookies, commands or whatever else holds a request; `-`, or nothing at all, reads standard input
    #[arg(value_name = "LINK")]
    pub(super) links: Vec<String>,
    /// Read a file (repeatable)
    #[arg(long, value_name = "FILE")]
    pub(super) file: Vec<PathBuf>,
    /// The URL that cookies without one are to open
    #[arg(long, value_name = "URL")]
    pub(super) url: Option<String>,
    /// The value of a Cookie header (repeatable)
    #[arg(long, value_name = "NAME=VALUE; …")]
    pub(super) cookie: Vec<String>,
    /// The time of the judgement: RFC 3339, Unix seconds, `now`, or a distance such as +2h; by default that of a HAR's
    /// entry or a log's line, else now
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    pub(super) at: Option<String>,
    /// The viewer's address; by default that of a log's line, else 127.0.0.1
    #[arg(long, value_name = "IP")]
    pub(super) ip: Option<IpAddr>,
    /// The country that the viewer is in, for a distribution that looks at it
    #[arg(long, value_name = "CODE", value_parser = country)]
    pub(super) country: Option<Country>,
    /// Judge as a browser's preflight
    #[arg(long, conflicts_with = "method")]
    pub(super) preflight: bool,
    /// The request's method; by default the one that was found, else GET
    #[arg(long, value_name = "M")]
    pub(super) method: Option<Method>,
    /// The configuration; by default config.toml where there is one. Without one and without keys, what needs a key isn't
    /// checked
    #[arg(long, value_name = "FILE")]
    pub(super) config: Option<PathBuf>,
    /// A trusted key, in place of a configuration (repeatable)
    #[arg(long, value_name = "ID=FILE", conflicts_with = "config")]
    pub(super) public_key: Vec<String>,
    /// The keys of `frontgate dev`: judge as it does
    #[arg(long, value_name = "DIR", conflicts_with_all = ["config", "public_key"])]
    pub(super) keys: Option<PathBuf>,
    /// From when to when each link opens, and which clock would open it
    #[arg(long)]
    pub(super) timeline: bool,
    /// Take what is given as a response (`curl -si URL`), and say who sent it
    #[arg(long, conflicts_with_all = ["timeline", "url", "cookie", "at", "ip", "country", "preflight", "method", "config",
        "public_key", "keys"])]
    pub(super) s3_or_cloudfront: bool,
    /// Answer as JSON: an object, or one in each line where there are several
    #[arg(long)]
    pub(super) json: bool,
}

fn country(text: &str) -> Result<Country, &'static str> {
    Country::parse(text).ok_or("expected a two-letter code, such as DE")
}
