//! Which value wins, and what it is called where it was said.

use std::path::Path;
use std::str::FromStr;

use super::file::{self, Content, SettingsFile};
use super::value::{FromVariable, Text};
use super::{Environment, Key, Origin, Setting};
use crate::error::{Error, Result};

/// The places below what is said for one call: the environment and the files.
#[derive(Debug)]
pub struct Resolver {
    environment: Environment,
    files: Vec<SettingsFile>,
    /// What a frontend calls that which is said for one call, by the name of the setting.
    names: &'static [(&'static str, &'static str)],
}

/// What was said for one call, where no frontend has a name for it.
const THIS_CALL: &str = "this call";

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
            names: &[],
        })
    }

    /// The same with a frontend's names for what is said for one call: settings by their names in promo.toml, each with
    /// what people wrote, such as a flag. Origins and errors tell it.
    #[must_use]
    pub fn with_names(mut self, names: &'static [(&'static str, &'static str)]) -> Self {
        self.names = names;
        self
    }

    /// Where a value comes from that was said for this call.
    pub fn given(&self, setting: &str) -> Origin {
        let mut names = self.names.iter();
        let found = names.find(|(name, _)| *name == setting);
        Origin::Given(found.map_or(THIS_CALL, |(_, name)| name))
    }

    /// The environment.
    pub fn environment(&self) -> &Environment {
        &self.environment
    }

    /// The text that wins for a setting of how a frontend talks: `output`, `log-format` or `color`.
    pub fn console(&self, key: &'static Key) -> Result<Option<Setting<String>>> {
        self.pick(key, None, |content| content.console(key))
    }

    /// What was typed for this call, parsed; a mistake is told like one in a file.
    pub(super) fn typed<T: FromStr<Err = String>>(
        &self,
        key: &'static Key,
        text: &str,
    ) -> Result<Text<T>> {
        Text::from_variable(text)
            .map_err(|expected| wrong(key, text, &self.given(key.name), expected))
    }

    /// The files, the project's first.
    pub(super) fn files(&self) -> impl Iterator<Item = &SettingsFile> {
        self.files.iter()
    }

    /// The value that wins: what was said for this call, the variable's, the project's, the user's.
    pub(super) fn pick<T: FromVariable>(
        &self,
        key: &'static Key,
        given: Option<T>,
        of_file: impl Fn(&Content) -> Option<T>,
    ) -> Result<Option<Setting<T>>> {
        if let Some(value) = given {
            return Ok(Some(Setting::new(value, self.given(key.name))));
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
