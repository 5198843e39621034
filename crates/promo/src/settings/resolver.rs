//! Which value wins.

use std::path::Path;

use super::file::{self, Content, SettingsFile};
use super::value::FromVariable;
use super::{Environment, Key, Origin, Setting};
use crate::error::{Error, Result};

/// The places below flags: the environment and the files.
#[derive(Debug)]
pub struct Resolver {
    environment: Environment,
    files: Vec<SettingsFile>,
}

impl Resolver {
    /// Reads the project's promo.toml, or the one at `config`, and the user's.
    ///
    /// # Errors
    ///
    /// `PROMO-X003`, `PROMO-X004`, `PROMO-X039`: a file can't be read.
    pub fn new(environment: Environment, config: Option<&Path>) -> Result<Self> {
        let files = [
            file::project(&environment, config)?,
            file::user(&environment)?,
        ];
        Ok(Self {
            environment,
            files: files.into_iter().flatten().collect(),
        })
    }

    /// The environment.
    pub fn environment(&self) -> &Environment {
        &self.environment
    }

    /// The text that wins for a setting of how a frontend talks: `output`, `log-format` or `color`.
    pub fn console(&self, key: &'static Key) -> Result<Option<Setting<String>>> {
        self.pick(key, None, |content| content.console(key))
    }

    /// The files, the project's first.
    pub(super) fn files(&self) -> impl Iterator<Item = &SettingsFile> {
        self.files.iter()
    }

    /// The value that wins: the flag's, the variable's, the project's, the user's.
    pub(super) fn pick<T: FromVariable>(
        &self,
        key: &'static Key,
        flag: Option<T>,
        of_file: impl Fn(&Content) -> Option<T>,
    ) -> Result<Option<Setting<T>>> {
        if let Some(value) = flag {
            return Ok(Some(Setting::new(value, Origin::Flag(key.flag))));
        }
        if let Some(text) = self.environment.text(key.variable) {
            let origin = Origin::Variable(key.variable);
            let value =
                T::from_variable(&text).map_err(|expected| wrong(key, &text, &origin, expected))?;
            return Ok(Some(Setting::new(value, origin)));
        }
        Ok(self.files.iter().find_map(|file| {
            let value = of_file(&file.content)?;
            Some(Setting::new(value, Origin::File(file.path.clone())))
        }))
    }
}

/// The error about a value that can't be.
pub fn wrong(key: &Key, value: &str, origin: &Origin, expected: String) -> Error {
    Error::Setting {
        setting: format!("`{}`", key.name),
        value: value.to_owned(),
        origin: origin.to_string(),
        expected,
    }
}
