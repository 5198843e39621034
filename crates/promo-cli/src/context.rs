//! What commands get besides their own arguments: settings, the terminal, and a promoter made of both.

use std::path::Path;
use std::sync::Arc;

use promo::Promoter;
use promo::settings::{Environment, NetworkOverrides, Overrides, Part, Resolver, Settings};
use promo_core::pipeline::Interrupt;
use promo_core::ports::Observer;
use promo_sign::Password;

use crate::args::{GlobalArgs, SETTING_FLAGS};
use crate::console::ConsoleSettings;
use crate::error::Result;
use crate::terminal::Terminal;
use crate::{progress, shutdown};

/// Everything that commands get besides their own arguments.
#[derive(Debug)]
pub(crate) struct Context {
    pub(crate) global: GlobalArgs,
    pub(crate) resolver: Resolver,
    pub(crate) console: ConsoleSettings,
    pub(crate) terminal: Terminal,
}

impl Context {
    /// By the environment of this process, the settings files and the arguments that hold everywhere.
    pub(crate) fn new(global: GlobalArgs) -> Result<Self> {
        let resolver =
            Resolver::new(environment(), global.config.as_deref())?.with_names(SETTING_FLAGS);
        let console = ConsoleSettings::resolve(&global, &resolver)?;
        let terminal = console.terminal();
        Ok(Self {
            global,
            resolver,
            console,
            terminal,
        })
    }

    /// The settings that a command needs, by what was typed for it and what holds everywhere.
    pub(crate) fn settings(&self, mut given: Overrides, parts: &[Part]) -> Result<Settings> {
        given.network = self.network();
        Ok(Settings::resolve_parts(&given, &self.resolver, parts)?)
    }

    /// How registries are reached, as it was typed.
    pub(crate) fn network(&self) -> NetworkOverrides {
        self.global.overrides()
    }

    /// A promoter that tells on this terminal how it goes.
    pub(crate) fn promoter(&self, settings: Settings) -> Promoter {
        promoter_told(settings, progress::observer(self))
    }

    /// What Ctrl-C raises from now on.
    pub(crate) fn interrupt(&self, promoter: &Promoter) -> Interrupt {
        let interrupt = Interrupt::new();
        shutdown::listen(self.terminal, interrupt.clone(), promoter.revocation());
        interrupt
    }
}

/// A promoter that tells somebody else how it goes.
pub(crate) fn promoter_told(settings: Settings, observer: Arc<dyn Observer>) -> Promoter {
    Promoter::builder()
        .settings(settings)
        .observer(observer)
        .ask_password(ask_password)
        .build()
}

/// That of this process: the only place that reads it.
fn environment() -> Environment {
    let directory = std::env::current_dir().unwrap_or_default();
    Environment::new(directory, std::env::vars_os())
}

/// Asks on the terminal, if a person is there.
fn ask_password(key: &Path) -> Option<Password> {
    let typed = Terminal::ask_secret(&format!("Password of {}: ", key.display()))?;
    Some(Password::new(typed.as_bytes().to_vec()))
}
