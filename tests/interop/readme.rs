//! Runs every command of README.md and of the pages in `PAGES`, in order, and compares the output with the page.
//!
//! On a page, `…` stands for any text; alone on a line, for any lines. 127.0.0.1:8080 and port 8443 stand for the ports that
//! were free. A TOML block is a file; its first line is the file's name.

use std::path::Path;
use std::process::Command;

use crate::support::{Edge, frontgate, root, stderr, stdout};

struct Block {
    language: String,
    lines: Vec<String>,
}

fn blocks(text: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut open: Option<Block> = None;
    for line in text.lines() {
        match (line.strip_prefix("```"), open.take()) {
            (Some(_), Some(block)) => blocks.push(block),
            (Some(language), None) => open = Some(Block { language: language.to_owned(), lines: Vec::new() }),
            (None, Some(mut block)) => {
                block.lines.push(line.to_owned());
                open = Some(block);
            }
            (None, None) => {}
        }
    }
    assert!(open.is_none(), "a block doesn't end");
    blocks
}

/// Whether a text matches a line in which `…` stands for any text.
fn fits(pattern: &str, text: &str) -> bool {
    let Some((first, rest)) = pattern.split_once('…') else { return pattern == text };
    let Some(mut left) = text.strip_prefix(first) else { return false };
    let mut parts = rest.split('…').peekable();
    while let Some(part) = parts.next() {
        if parts.peek().is_none() {
            return left.ends_with(part);
        }
        let Some(at) = left.find(part) else { return false };
        left = &left[at + part.len()..];
    }
    true
}

fn all_fit(expected: &[&str], found: &[&str]) -> bool {
    match (expected.split_first(), found.split_first()) {
        (None, None) => true,
        (Some((&"…", rest)), _) => (0..=found.len()).any(|skip| all_fit(rest, &found[skip..])),
        (Some((pattern, expected)), Some((line, found))) => fits(pattern, line) && all_fit(expected, found),
        (Some(_), None) | (None, Some(_)) => false,
    }
}

/// A reader's terminal: a working directory, and the servers that were started in the background.
struct Terminal {
    folder: tempfile::TempDir,
    edges: Vec<Edge>,
}

impl Terminal {
    fn address(&self) -> String {
        self.edges.first().map_or("127.0.0.1:8080".to_owned(), |edge| edge.address.to_string())
    }

    /// The port of the last server with a TLS listener.
    fn secure(&self) -> String {
        let https = self.edges.iter().rev().find_map(|edge| edge.https.first());
        https.map_or(":8443".to_owned(), |address| format!(":{}", address.port()))
    }

    /// Runs the commands of a block, each with the output below it; returns their number.
    fn run_block(&mut self, lines: &[String]) -> usize {
        let mut commands: Vec<(&str, Vec<&str>)> = Vec::new();
        for line in lines {
            match (line.strip_prefix("$ "), commands.last_mut()) {
                (Some(command), _) => commands.push((command, Vec::new())),
                (None, Some((_, output))) => output.push(line),
                (None, None) => panic!("a block begins with output: {line}"),
            }
        }
        for (command, output) in &commands {
            self.run(command, output);
        }
        commands.len()
    }

    fn run(&mut self, command: &str, expected: &[&str]) {
        if let Some(background) = command.strip_suffix(" &") {
            return self.start(background);
        }
        let (address, secure) = (self.address(), self.secure());
        let command = command.replace("127.0.0.1:8080", &address).replace(":8443", &secure);
        let output = self.shell(&command);
        let found = (stdout(&output) + &stderr(&output)).replace(&address, "127.0.0.1:8080");
        let found = found.replace(&secure, ":8443");
        let found: Vec<&str> = found.trim_end().lines().map(str::trim_end).collect();
        let expected: Vec<&str> = expected.iter().map(|line| line.trim_end()).collect();
        assert!(
            all_fit(&expected, &found),
            "{command}\nexpected:\n{}\nfound:\n{}",
            expected.join("\n"),
            found.join("\n")
        );
    }

    fn shell(&self, command: &str) -> std::process::Output {
        let path = std::env::var("PATH").unwrap();
        let ours = Path::new(env!("CARGO_BIN_EXE_frontgate")).parent().unwrap();
        let path = format!("{}:{path}:{}", ours.display(), root().join("target/signers/venv/bin").display());
        Command::new("bash")
            .args(["-c", command])
            .current_dir(self.folder.path())
            .env("PATH", path)
            .output()
            .unwrap()
    }

    fn start(&mut self, command: &str) {
        let words: Vec<&str> = command.split(' ').collect();
        assert_eq!(words[0], "frontgate");
        // Each server gets a copy of the directory, so that ready files and logs do not collide.
        let dir = tempfile::tempdir().unwrap();
        assert!(
            Command::new("cp")
                .arg("-r")
                .arg(self.folder.path().join("."))
                .arg(dir.path())
                .status()
                .unwrap()
                .success()
        );
        let mut background = frontgate();
        background.args(words[1..].iter().map(|word| word.replace("--tls", "--tls=127.0.0.1:0")));
        if let Some(file) =
            words.iter().position(|word| *word == "--config").map(|at| dir.path().join(words[at + 1]))
        {
            let text = std::fs::read_to_string(&file).unwrap();
            std::fs::write(&file, text.replace(":8443", ":0")).unwrap();
        }
        if !words.contains(&"--listen") {
            background.args(["--listen", "127.0.0.1:0"]);
        }
        let edge = Edge::start(background, dir);
        // On a page, all commands share one directory: copy back what the server created.
        if edge.file(".frontgate").is_dir() {
            let copied =
                Command::new("cp").arg("-r").arg(edge.file(".frontgate")).arg(self.folder.path()).status();
            assert!(copied.unwrap().success());
        }
        self.edges.push(edge);
    }

    /// Runs a program that prints a link, and requests the link.
    fn program(&self, language: &str, lines: &[String]) {
        let text = lines.join("\n").replace("127.0.0.1:8080", &self.address());
        let installed = root().join("target/signers");
        let mut command = if language == "python" {
            let mut python = Command::new(installed.join("venv/bin/python"));
            python.args(["-c", &text]);
            python
        } else {
            let script = installed.join("readme.mjs");
            std::fs::write(&script, &text).unwrap();
            let mut node = Command::new("node");
            node.arg(script);
            node
        };
        let output = command.current_dir(self.folder.path()).output().unwrap();
        let link = stdout(&output);
        assert!(output.status.success(), "{language}: {}", stderr(&output));
        let status = self.shell(&format!("curl -s -o /dev/null -w '%{{http_code}}' '{}'", link.trim()));
        assert_eq!(stdout(&status), "200", "{language}: {link}");
    }
}

/// Runs a page from top to bottom in a terminal of its own; returns the number of commands.
fn run_page(page: &str) -> usize {
    let text = std::fs::read_to_string(root().join(page)).unwrap();
    let folder = tempfile::tempdir().unwrap();
    std::fs::copy(root().join("config.toml"), folder.path().join("config.toml")).unwrap();
    let mut terminal = Terminal { folder, edges: Vec::new() };
    let mut ran = 0;
    for block in blocks(&text) {
        match block.language.as_str() {
            "console" => ran += terminal.run_block(&block.lines),
            "python" if block.lines[0].starts_with("def test_") => in_pytest(&block.lines),
            "js" if block.lines[0].contains("frontgate.start") => in_node(&block.lines),
            language @ ("python" | "js") => terminal.program(language, &block.lines),
            "rust" => is_a_documented_example(&block.lines),
            "toml" => {
                let name = block.lines[0].strip_prefix("# ").expect("a file's name");
                std::fs::write(terminal.folder.path().join(name), block.lines.join("\n")).unwrap();
            }
            "sh" => block.lines.iter().for_each(|line| is_run_elsewhere(line)),
            other => panic!("{page}: no test runs blocks of `{other}`"),
        }
    }
    ran
}

#[test]
fn every_command_of_the_readme_prints_what_it_shows() {
    let ran = run_page("README.md");
    assert!(ran > 9, "{ran} commands");
}

#[test]
fn every_command_of_the_signing_page_prints_what_it_shows() {
    assert_eq!(run_page("docs/signing.md"), 8);
}

#[test]
fn every_command_of_the_curl_page_prints_what_it_shows() {
    assert_eq!(run_page("docs/curl.md"), 5);
}

#[test]
fn every_command_of_the_self_hosting_page_prints_what_it_shows() {
    assert_eq!(run_page("docs/self-hosting.md"), 8);
}

/// The page's shell blocks are examples of `frontgate test`, which `test_command.rs` tests.
#[test]
fn the_examples_of_the_kits_page_pass() {
    let text = std::fs::read_to_string(root().join("docs/kits.md")).unwrap();
    let mut languages = Vec::new();
    for block in blocks(&text) {
        match block.language.as_str() {
            "python" => in_pytest(&block.lines),
            "js" => in_node(&block.lines),
            "rust" => is_a_documented_example(&block.lines),
            _ => continue,
        }
        languages.push(block.language);
    }
    assert_eq!(languages, ["python", "js", "rust"]);
}

/// Runs a pytest example with the packages that `script/kits` built, and an application that signs with the SDK.
fn in_pytest(lines: &[String]) {
    let folder = tempfile::tempdir().unwrap();
    std::fs::copy(root().join("tests/kits/my_app.py"), folder.path().join("my_app.py")).unwrap();
    let text = format!("import my_app\n\n{}\n", lines.join("\n"));
    std::fs::write(folder.path().join("test_readme.py"), text).unwrap();
    let python = root().join("target/kits/python/venv/bin/python");
    let output = Command::new(&python).args(["-m", "pytest", "-q"]).current_dir(&folder).output();
    let output =
        output.unwrap_or_else(|error| panic!("{}: {error}; script/kits creates it", python.display()));
    assert!(output.status.success() && stdout(&output).contains("1 passed"), "{}", stdout(&output));
}

/// Runs an example in Node, likewise.
fn in_node(lines: &[String]) {
    let folder = root().join("target/kits/node/kit");
    let own = tempfile::tempdir_in(&folder).expect("script/kits creates the directory");
    std::fs::copy(root().join("tests/kits/my_app.mjs"), own.path().join("my_app.mjs")).unwrap();
    let imports = "import frontgate from \"frontgate\";\nimport * as myApp from \"./my_app.mjs\";\n";
    let text = format!("{imports}{}\nconsole.log(\"passed\", link.length > 100);\n", lines.join("\n"));
    std::fs::write(own.path().join("readme.mjs"), text).unwrap();
    let output = Command::new("node").arg("readme.mjs").current_dir(&own).output().unwrap();
    assert_eq!(stdout(&output), "passed true\n", "{}", stderr(&output));
}

/// Checks that an example is the first one of `frontgate::testing`, which the doc tests run.
fn is_a_documented_example(lines: &[String]) {
    let module = std::fs::read_to_string(root().join("src/testing.rs")).unwrap();
    let lines: String = lines.iter().map(|line| format!("//! {line}\n")).collect();
    assert!(module.contains(&lines), "src/testing.rs has no example with\n{lines}");
}

/// Checks commands that cannot run here: the build, the test command itself, and Docker.
fn is_run_elsewhere(line: &str) {
    if let Some(args) = line.strip_prefix("cargo run --release -- ") {
        assert_eq!(args, "dev");
        assert!(Edge::dev(&[]).stdout().contains("signed link"));
    } else if line == "./script/test" {
        assert!(root().join("script/test").is_file());
    } else {
        // script/docker runs the commands at the top of docker-compose.yml; the page must show the same ones.
        assert!(line.starts_with("docker compose "), "nothing runs `{line}`");
        let compose = std::fs::read_to_string(root().join("docker-compose.yml")).unwrap();
        assert!(compose.contains(&format!("#     {line}\n")), "docker-compose.yml doesn't say `{line}`");
    }
}

#[test]
fn the_example_configuration_works_with_its_key_file() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::copy(root().join("config.toml"), dir.path().join("config.toml")).unwrap();
    let in_folder = |args: &[&str]| frontgate().current_dir(dir.path()).args(args).output().unwrap();
    let without = in_folder(&["check"]);
    assert_eq!(without.status.code(), Some(2));
    assert!(stderr(&without).contains("keys/K2JCJMDEHXQW5F.public.pem"), "{}", stderr(&without));
    assert!(in_folder(&["keygen", "--out", "keys", "--id", "K2JCJMDEHXQW5F"]).status.success());
    let with = in_folder(&["check"]);
    assert!(with.status.success() && stderr(&with).is_empty(), "{}", stderr(&with));
}
