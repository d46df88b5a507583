//! Puts file and environment together and says precisely what is wrong with them.

use super::Config;
use serde::de::DeserializeOwned;
use std::ffi::OsString;
use std::path::PathBuf;
use toml::{Table, Value};

/// Why the configuration cannot be used. One sentence, with the key where there is one.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    #[error("cannot read the configuration file {}: {error}", path.display())]
    Unreadable {
        path: PathBuf,
        error: std::io::Error,
    },
    #[error("the configuration file is not TOML: {0}")]
    Syntax(String),
    #[error("{0}")]
    Arguments(String),
    #[error("configuration key `{key}`: {problem}")]
    Key { key: String, problem: String },
}

impl ConfigError {
    pub fn key(key: impl Into<String>, problem: impl Into<String>) -> Self {
        Self::Key {
            key: key.into(),
            problem: problem.into(),
        }
    }
}

/// One value from the environment.
#[derive(Clone)]
pub(super) struct Override {
    pub(super) path: Vec<String>,
    text: String,
}

impl std::fmt::Debug for Override {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The value may be a secret.
        write!(f, "{}", self.path.join("."))
    }
}

/// `--config PATH` or `--config=PATH`; anything else is refused.
pub(super) fn path_from(
    arguments: impl Iterator<Item = OsString>,
) -> Result<Option<PathBuf>, ConfigError> {
    let mut path = None;
    let mut arguments = arguments.peekable();
    while let Some(argument) = arguments.next() {
        let given = if argument == "--config" {
            arguments.next()
        } else {
            argument
                .to_str()
                .and_then(|text| text.strip_prefix("--config="))
                .map(OsString::from)
        };
        let Some(given) = given else {
            return Err(ConfigError::Arguments(format!(
                "usage: [print-config] [--config PATH]; cannot use `{}`",
                argument.display()
            )));
        };
        path = Some(given.into());
    }
    Ok(path)
}

/// This process's variables that are ours, see [`super`].
pub(super) fn environment() -> Result<Vec<(String, String)>, ConfigError> {
    let mut ours = Vec::new();
    for (name, value) in std::env::vars_os() {
        let Some(name) = name.to_str().filter(|name| name.starts_with("TRAFFIC_")) else {
            continue;
        };
        let value = value
            .into_string()
            .map_err(|_| ConfigError::key(name, "the variable is not UTF-8"))?;
        ours.push((name.to_owned(), value));
    }
    Ok(ours)
}

pub(super) fn parse(
    toml: &str,
    variables: impl IntoIterator<Item = (String, String)>,
) -> Result<(Config, Vec<Override>), ConfigError> {
    let table: Table = toml::from_str(toml)
        .map_err(|error| ConfigError::Syntax(error.to_string().trim().replace('\n', " ")))?;
    let (service, own): (Vec<_>, Vec<_>) = variables
        .into_iter()
        .filter_map(|(name, text)| {
            Some(Override {
                path: path_of(&name)?,
                text,
            })
        })
        .partition(|set| set.path.len() > 1 && set.path[0] == "service");
    let config = typed("", &table, &own)?;
    Ok((config, service))
}

pub(super) fn service_settings<S: DeserializeOwned>(
    table: &Table,
    overrides: &[Override],
) -> Result<S, ConfigError> {
    let below: Vec<Override> = overrides
        .iter()
        .map(|set| Override {
            path: set.path[1..].to_vec(),
            text: set.text.clone(),
        })
        .collect();
    typed("service.", table, &below)
}

/// `TRAFFIC_NATS__ACK_TIMEOUT` is `nats.ack_timeout`.
fn path_of(variable: &str) -> Option<Vec<String>> {
    let name = variable.strip_prefix("TRAFFIC_")?;
    if name == "DATA_DIR" {
        return Some(vec!["data_dir".to_owned()]);
    }
    name.contains("__").then(|| {
        name.split("__")
            .map(str::to_ascii_lowercase)
            .collect::<Vec<_>>()
    })
}

/// Reads `table` with `overrides` laid over it.
///
/// A variable is a text; whether a number or a list is wanted only the type knows. So every variable goes in as text
/// first, and one whose text the type refuses goes in once more as TOML. Ends: each round types one variable.
fn typed<T: DeserializeOwned>(
    prefix: &str,
    table: &Table,
    overrides: &[Override],
) -> Result<T, ConfigError> {
    let mut table = table.clone();
    for set in overrides {
        insert(
            prefix,
            &mut table,
            &set.path,
            Value::String(set.text.clone()),
        )?;
    }
    let mut as_toml = vec![false; overrides.len()];
    loop {
        let (key, problem) = match serde_path_to_error::deserialize(table.clone()) {
            Ok(value) => return Ok(value),
            Err(error) => explain(&error),
        };
        let culprit = overrides.iter().position(|set| set.path.join(".") == key);
        let retyped = culprit.filter(|at| !as_toml[*at]).and_then(|at| {
            let value = toml::from_str::<Table>(&format!("v = {}", overrides[at].text)).ok()?;
            Some((at, value.get("v")?.clone()))
        });
        let Some((at, value)) = retyped else {
            return Err(ConfigError::key(format!("{prefix}{key}"), problem));
        };
        as_toml[at] = true;
        insert(prefix, &mut table, &overrides[at].path, value)?;
    }
}

fn insert(
    prefix: &str,
    table: &mut Table,
    path: &[String],
    value: Value,
) -> Result<(), ConfigError> {
    let [parents @ .., last] = path else {
        return Ok(());
    };
    let mut table = table;
    for parent in parents {
        let entry = table
            .entry(parent.clone())
            .or_insert_with(|| Value::Table(Table::new()));
        let Value::Table(inner) = entry else {
            let key = format!("{prefix}{}", path.join("."));
            return Err(ConfigError::key(
                key,
                format!("`{parent}` is not a section"),
            ));
        };
        table = inner;
    }
    table.insert(last.clone(), value);
    Ok(())
}

/// The full path of the key and what is wrong there.
fn explain(error: &serde_path_to_error::Error<toml::de::Error>) -> (String, String) {
    let mut key = error.path().to_string();
    let problem = error.inner().message().to_owned();
    // Which of the two the path names, the section or the unknown key in it, differs between formats.
    for kind in ["unknown field `", "missing field `"] {
        let Some(field) = problem
            .strip_prefix(kind)
            .and_then(|rest| rest.split('`').next())
        else {
            continue;
        };
        let named = key == field || key.ends_with(&format!(".{field}"));
        if key == "." {
            key = field.to_owned();
        } else if !named {
            key = format!("{key}.{field}");
        }
    }
    (key, problem)
}
