//! Cookies in variables of program code, and the requests that use them.

use super::code::Statement;

/// What variables hold.
#[derive(Debug, Default)]
pub(super) struct Jar(Vec<Entry>);

#[derive(Debug)]
struct Entry {
    variable: String,
    line: usize,
    field: String,
    is_used: bool,
}

impl Jar {
    /// Keeps the cookies of a statement; those of a variable that is assigned take the place of the former.
    pub(super) fn keep(&mut self, statement: Statement, line: usize) {
        let variable = root(statement.subject.as_deref().unwrap_or_default()).to_owned();
        self.forget(&statement);
        for field in statement.cookies {
            if self.0.len() < MAX_COOKIES {
                self.0.push(Entry { variable: variable.clone(), line, field, is_used: false });
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

    /// The cookies of the variables that a statement names.
    pub(super) fn of(&mut self, statement: &Statement) -> Vec<String> {
        let mut found = Vec::new();
        for entry in &mut self.0 {
            if statement.names.iter().any(|name| root(name) == entry.variable) {
                entry.is_used = true;
                found.push(entry.field.clone());
            }
        }
        found
    }

    /// Those that no statement names, each with its line.
    pub(super) fn unused(self) -> impl Iterator<Item = (usize, String)> {
        self.0.into_iter().filter(|entry| !entry.is_used).map(|entry| (entry.line, entry.field))
    }
}

/// `session` of `session.cookies.set`.
fn root(name: &str) -> &str {
    name.split('.').next().unwrap_or(name)
}

const MAX_COOKIES: usize = 200;
