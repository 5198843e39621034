//! The exit codes of `promo`: the library's endings, as the shell sees them.

pub(crate) use promo::Ending as Exit;

/// What the process ends with.
pub(crate) fn code(exit: Exit) -> std::process::ExitCode {
    exit.code().into()
}
