//! How promo talks: output, log format, colour, verbosity.

use anstream::ColorChoice;
use clap::ValueEnum;
use promo::settings::{Key, Origin, Resolver, Row, Setting, keys, wrong};

use crate::args::{ColorArg, GlobalArgs, LogFormatArg, LogLevelArg};
use crate::error::Result;
use crate::output::Format;
use crate::terminal::{Terminal, Verbosity};

/// How promo talks.
#[derive(Debug, Clone)]
pub(crate) struct ConsoleSettings {
    /// The form of results, where a command offers it and no flag says otherwise.
    output: Setting<Format>,
    log_format: Setting<LogFormatArg>,
    color: Setting<ColorArg>,
    verbosity: Verbosity,
}

impl ConsoleSettings {
    /// From flags, environment and files.
    pub(crate) fn resolve(args: &GlobalArgs, resolver: &Resolver) -> Result<Self> {
        let output = choice(
            resolver,
            &keys::OUTPUT,
            None,
            |text| Format::named(text).filter(|format| Format::DATA.contains(format)),
            Format::Table,
            "table, json or yaml",
        )?;
        let log_format = choice(
            resolver,
            &keys::LOG_FORMAT,
            args.log_format,
            |text| LogFormatArg::from_str(text, false).ok(),
            LogFormatArg::Text,
            "text or json",
        )?;
        let color = choice(
            resolver,
            &keys::COLOR,
            args.color,
            |text| ColorArg::from_str(text, false).ok(),
            ColorArg::Auto,
            "auto, always or never",
        )?;
        let level = args.log_level.unwrap_or(LogLevelArg::Info);
        let verbosity = if args.quiet || level < LogLevelArg::Info {
            Verbosity::Quiet
        } else if args.verbose || level > LogLevelArg::Info {
            Verbosity::Verbose
        } else {
            Verbosity::Normal
        };
        Ok(Self {
            output,
            log_format,
            color,
            verbosity,
        })
    }

    /// The format of a result: what was typed, else the setting if it is offered, else the first that is.
    pub(crate) fn format(&self, typed: Option<Format>, offered: &[Format]) -> Format {
        let setting = Some(self.output.value)
            .filter(|format| offered.contains(format) && self.output.origin != Origin::Default);
        typed
            .or(setting)
            .or_else(|| offered.first().copied())
            .unwrap_or(Format::Table)
    }

    /// Whether events are written as JSON.
    pub(crate) fn logs_json(&self) -> bool {
        self.log_format.value == LogFormatArg::Json
    }

    /// The streams.
    pub(crate) fn terminal(&self) -> Terminal {
        let color = match self.color.value {
            // anstream looks at NO_COLOR, CLICOLOR_FORCE, TERM and the stream itself.
            ColorArg::Auto => ColorChoice::Auto,
            ColorArg::Always => ColorChoice::Always,
            ColorArg::Never => ColorChoice::Never,
        };
        Terminal::new(color, self.verbosity)
    }

    pub(crate) fn rows(&self) -> Vec<Row> {
        vec![
            self.output
                .row(keys::OUTPUT.name, self.output.value.as_str()),
            self.log_format
                .row(keys::LOG_FORMAT.name, name_of(&self.log_format.value)),
            self.color.row(keys::COLOR.name, name_of(&self.color.value)),
        ]
    }
}

fn name_of(value: &impl ValueEnum) -> String {
    value
        .to_possible_value()
        .map(|value| value.get_name().to_owned())
        .unwrap_or_default()
}

fn choice<T: Copy>(
    resolver: &Resolver,
    key: &'static Key,
    flag: Option<T>,
    parse: impl FnOnce(&str) -> Option<T>,
    default: T,
    expected: &str,
) -> Result<Setting<T>> {
    if let Some(value) = flag {
        return Ok(Setting::new(value, resolver.given(key.name)));
    }
    let Some(text) = resolver.console(key)? else {
        return Ok(Setting::unsaid(default));
    };
    match parse(&text.value) {
        Some(value) => Ok(Setting::new(value, text.origin)),
        None => Err(wrong(key, &text.value, &text.origin, expected.to_owned()).into()),
    }
}
