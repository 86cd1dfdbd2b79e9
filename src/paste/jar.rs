//! Cookies and parameters in variables of program code, and the requests that use them.

use super::code::Statement;

/// What variables hold.
#[derive(Debug, Default)]
pub(super) struct Jar(Vec<HeldVariable>);

#[derive(Debug)]
struct HeldVariable {
    variable: String,
    line: usize,
    held: RequestPart,
    is_used: bool,
}

/// A part of a request.
#[derive(Clone, Debug)]
enum RequestPart {
    /// The value of a `Cookie` header, or a cookie.
    Cookie(String),
    /// `name=value` of the query.
    Parameter(String),
}

/// What the variables of a statement hold.
#[derive(Debug, Default)]
pub(super) struct HeldParts {
    pub(super) cookies: Vec<String>,
    pub(super) parameters: Vec<String>,
}

impl HeldParts {
    pub(super) fn is_empty(&self) -> bool {
        self.cookies.is_empty() && self.parameters.is_empty()
    }
}

impl Jar {
    /// Keeps the cookies of a statement; those of a variable that is assigned take the place of the former.
    pub(super) fn keep(&mut self, statement: Statement, line: usize) {
        let variable = root(statement.subject.as_deref().unwrap_or_default()).to_owned();
        self.forget(&statement);
        let cookies = statement.cookies.into_iter().map(RequestPart::Cookie);
        for held in cookies.chain(statement.parameters.into_iter().map(RequestPart::Parameter)) {
            if self.0.len() < MAX_COOKIES {
                self.0.push(HeldVariable { variable: variable.clone(), line, held, is_used: false });
            }
        }
    }

    /// Forgets a variable that is assigned anew.
    pub(super) fn forget(&mut self, statement: &Statement) {
        let subject = statement.subject.as_deref().unwrap_or_default();
        if statement.is_assignment && !subject.contains('.') {
            self.0.retain(|entry| entry.variable != root(subject) || !entry.is_used);
        }
    }

    /// What the variables hold that a statement uses.
    pub(super) fn of(&mut self, statement: &Statement) -> HeldParts {
        let assigned = statement.subject.as_deref().filter(|_| statement.is_assignment).map(root);
        let mut found = HeldParts::default();
        for entry in &mut self.0 {
            let is_named = statement.names.iter().any(|name| root(name) == entry.variable);
            if is_named && assigned != Some(entry.variable.as_str()) {
                entry.is_used = true;
                match entry.held.clone() {
                    RequestPart::Cookie(field) => found.cookies.push(field),
                    RequestPart::Parameter(parameter) => found.parameters.push(parameter),
                }
            }
        }
        found
    }

    /// Cookies that no statement names, each with its line.
    pub(super) fn unused(self) -> impl Iterator<Item = (usize, String)> {
        self.0.into_iter().filter(|entry| !entry.is_used).filter_map(|entry| match entry.held {
            RequestPart::Cookie(field) => Some((entry.line, field)),
            RequestPart::Parameter(_) => None,
        })
    }
}

/// `session` of `session.cookies.set`.
fn root(name: &str) -> &str {
    name.split('.').next().unwrap_or(name)
}

const MAX_COOKIES: usize = 200;
