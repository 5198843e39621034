//! How a page looks, in light and in dark. What a colour says, a sign or a word says as well.

/// The page's style sheet.
pub(super) const SHEET: &str = "\
:root { --ink: #1b1f24; --paper: #fff; --faint: #dfe3e8; --dim: #57606a; --anchor: #0550ae; --put: #116329; --moved: #8a4b00; --blocked: #a40e26; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e9ed; --paper: #14171b; --faint: #333b44; --dim: #9da7b3; --anchor: #79c0ff; --put: #56d364;
  --moved: #e3b341; --blocked: #ff8f86; } }
body { overflow-wrap: anywhere; font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); max-width: 78em; margin: 2em auto; padding: 0 1em; }
h1 { font-size: 1.6em; margin: 0; } h2 { font-size: 1.2em; margin: 2em 0 .4em; }
small, .note, .legend, .hint, dt { color: var(--dim); font-weight: normal; font-size: .85em; } h2 small { margin-left: .4em; } .hint { margin: 0; }
a { color: var(--anchor); } code { font: .9em ui-monospace, monospace; overflow-wrap: anywhere; }
.numbers { display: flex; flex-wrap: wrap; gap: .5em 2em; padding: 0; list-style: none; } .numbers strong { font-size: 1.4em; }
dl { margin: .5em 0; } dl div { display: flex; gap: .6em; } dt { min-width: 2em; } dd { margin: 0; overflow-wrap: anywhere; }
.scroll { overflow-x: auto; } .scroll:focus-visible { outline: 2px solid var(--anchor); }
table { border-collapse: collapse; overflow-wrap: normal; } th, td { padding: .25em .7em .25em 0; text-align: left; vertical-align: top; border-bottom: 1px solid var(--faint); }
th[scope=row] { font-weight: 600; } thead th { color: var(--dim); font-weight: normal; font-size: .85em; vertical-align: bottom; }
.matrix td { text-align: center; min-width: 2.4em; font-variant-numeric: tabular-nums; } .matrix thead span { writing-mode: vertical-rl; transform: rotate(180deg); }
.put, .moved, .blocked { font-weight: 600; } .put { color: var(--put); } .moved { color: var(--moved); } .blocked { color: var(--blocked); } td span + span { margin-left: .4em; }
";
