//! What commands get besides their own arguments: settings, the terminal, and a promoter made of both.

use std::path::Path;
use std::sync::Arc;

use promo::documents::{Layout, LayoutExtent, hosts_text, traffic_text};
use promo::settings::{Environment, NetworkOverrides, Overrides, Part, Resolver, Settings};
use promo::{Account, Promoter};
use promo_core::pipeline::Interrupt;
use promo_core::ports::Observer;
use promo_core::report::Report;
use promo_registry::ConnectionLimit;
use promo_sign::Password;

use crate::args::{GlobalArgs, SETTING_FLAGS};
use crate::console::ConsoleSettings;
use crate::error::Result;
use crate::terminal::{Terminal, Verbosity};
use crate::trace_file::{TraceFile, TracePlace};
use crate::{open_files, progress, shutdown};

/// Everything that commands get besides their own arguments.
#[derive(Debug)]
pub(crate) struct Context {
    pub(crate) global: GlobalArgs,
    pub(crate) resolver: Resolver,
    pub(crate) console: ConsoleSettings,
    pub(crate) terminal: Terminal,
    /// What all promoters of this command exchange with hosts.
    account: Arc<Account>,
    trace: TraceFile,
    /// How many connections this process can have.
    connections: ConnectionLimit,
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
            account: Arc::default(),
            trace: TraceFile::default(),
            connections: ConnectionLimit::of_open_files(open_files::raise()),
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
    pub(crate) fn promoter(&self, settings: Settings) -> Result<Promoter> {
        self.promoter_told(settings, progress::observer(self))
    }

    /// A promoter that tells somebody else how it goes.
    pub(crate) fn promoter_told(
        &self,
        settings: Settings,
        observer: Arc<dyn Observer>,
    ) -> Result<Promoter> {
        let mut builder = Promoter::builder()
            .settings(settings)
            .connections(self.connections)
            .account(Arc::clone(&self.account))
            .observer(Arc::clone(&observer))
            .ask_password(ask_password);
        if let Some(trace) = self.trace(observer)? {
            builder = builder.observer(trace);
        }
        Ok(builder.build())
    }

    /// What writes the trace, if one is wanted. `told` hears if it can't be written any more.
    pub(crate) fn trace(&self, told: Arc<dyn Observer>) -> Result<Option<Arc<dyn Observer>>> {
        let named = self.global.trace.clone().map(TracePlace::Named);
        let of_job = || self.resolver.environment().path("PROMO_TRACE");
        let place = named.or_else(|| of_job().map(TracePlace::OfJob));
        let Some(place) = place else { return Ok(None) };
        Ok(Some(self.trace.begin(&place, told)?))
    }

    /// How the report of a run is.
    pub(crate) fn run_layout(&self, edges: bool) -> Layout {
        let mut layout = Terminal::layout();
        layout.extent = match self.terminal.verbosity() {
            _ if edges => LayoutExtent::Edges,
            Verbosity::Quiet => LayoutExtent::Brief,
            _ => LayoutExtent::Screen,
        };
        layout
    }

    /// After a run: what it took. It goes to standard error, since it differs from run to run.
    pub(crate) fn tell_traffic(&self, report: &Report) {
        if !self.console.logs_json() {
            let took = report.ended.duration_since(report.started);
            let took = took.unsigned_abs();
            self.terminal.note(&traffic_text(&report.hosts, took));
        }
    }

    /// After the command: writes what is left of a trace, and tells with `-v` what was exchanged with each host.
    pub(crate) fn end(&self) {
        self.trace.end();
        // Durations and what depends on who came first stay out of results; standard error may differ from run to run.
        if self.terminal.verbosity() == Verbosity::Verbose && !self.console.logs_json() {
            self.terminal
                .tell(hosts_text(&self.account.hosts()).styled());
        }
    }

    /// What Ctrl-C raises from now on.
    pub(crate) fn interrupt(&self, promoter: &Promoter) -> Interrupt {
        let interrupt = Interrupt::new();
        shutdown::listen(self.terminal, interrupt.clone(), promoter.revocation());
        interrupt
    }
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
