//! `--private PATTERN` and `--public PATTERN` of `dev`: which paths need a signature, in the order of the command line.

use clap::{Arg, ArgAction, ArgMatches, Command};
use serde::{Deserialize, Serialize};

use crate::distribution::pattern::PathPattern;

/// Whether a path needs a signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Access {
    /// It does.
    Private,
    /// It doesn't.
    Public,
}

/// One option.
#[derive(Clone, Debug)]
pub(super) struct AccessRule {
    pub(super) pattern: PathPattern,
    pub(super) access: Access,
}

/// The rules of the command line, in its order.
#[derive(Clone, Debug)]
pub(super) struct Rules(Vec<AccessRule>);

impl Rules {
    /// These; without any, `/public/*` is public.
    pub(super) fn of(mut rules: Vec<AccessRule>) -> anyhow::Result<Self> {
        if rules.is_empty() {
            rules.push(AccessRule { pattern: PUBLIC_PATHS.parse()?, access: Access::Public });
        }
        Ok(Self(rules))
    }

    /// In order; the first one that fits a path decides.
    pub(super) fn list(&self) -> &[AccessRule] {
        &self.0
    }

    /// For paths that no rule fits: public where something is said to be private, else private.
    pub(super) fn otherwise(&self) -> Access {
        match self.0.iter().any(|rule| rule.access == Access::Private) {
            true => Access::Public,
            false => Access::Private,
        }
    }
}

/// What clap reads, before the usual rule is added.
#[derive(Clone, Debug, Default)]
pub(super) struct GivenRules(pub(super) Vec<AccessRule>);

impl clap::Args for GivenRules {
    fn augment_args(command: Command) -> Command {
        let pattern = |name: &'static str| {
            Arg::new(name)
                .long(name)
                .value_name("PATTERN")
                .action(ArgAction::Append)
                .value_parser(|text: &str| text.parse::<PathPattern>())
        };
        let private = pattern("private").help(
            "Paths that need a signature, such as '/media/*'; everything else is public then (repeatable; of several \
             --private and --public the first that fits counts)",
        );
        let public = pattern("public").help(
            "Paths that need no signature; everything else is private [default: /public/*] (repeatable)",
        );
        command.arg(private).arg(public)
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl clap::FromArgMatches for GivenRules {
    /// By the places on the command line: clap keeps the values of each option apart.
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let of = |name, access| {
            let places = matches.indices_of(name).into_iter().flatten();
            let patterns = matches.get_many::<PathPattern>(name).into_iter().flatten().cloned();
            places.zip(patterns.map(move |pattern| AccessRule { pattern, access }))
        };
        let mut rules: Vec<(usize, AccessRule)> =
            of("private", Access::Private).chain(of("public", Access::Public)).collect();
        rules.sort_by_key(|(place, _)| *place);
        Ok(Self(rules.into_iter().map(|(_, rule)| rule).collect()))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

/// What is public unless something else is said.
const PUBLIC_PATHS: &str = "/public/*";

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Only {
        #[command(flatten)]
        rules: GivenRules,
    }

    fn read(args: &[&str]) -> (Vec<(String, Access)>, Access) {
        let given = Only::parse_from([&["dev"], args].concat()).rules;
        let rules = Rules::of(given.0).unwrap();
        let list = rules.list().iter().map(|rule| (rule.pattern.as_str().to_owned(), rule.access)).collect();
        (list, rules.otherwise())
    }

    #[test]
    fn rules_keep_the_order_of_the_command_line_whatever_their_kind() {
        let (list, otherwise) = read(&["--private", "/a/*", "--public", "/b", "--private=/c"]);
        let expected = [("/a/*", Access::Private), ("/b", Access::Public), ("/c", Access::Private)];
        assert_eq!(list, expected.map(|(pattern, access)| (pattern.to_owned(), access)));
        assert_eq!(otherwise, Access::Public);
        assert_eq!(read(&["--public", "/b"]), (vec![("/b".to_owned(), Access::Public)], Access::Private));
        assert_eq!(read(&[]), (vec![("/public/*".to_owned(), Access::Public)], Access::Private));
    }
}
