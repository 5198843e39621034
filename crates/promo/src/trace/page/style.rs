//! How a page looks, in light and in dark. The colours of classes are told apart by people who don't see red and green
//! as well.

/// The page's style sheet.
pub(super) const SHEET: &str = "\
:root { --ink: #1b1f24; --paper: #fff; --faint: #e3e6ea; --dim: #6a737d;
  --read: #4477aa; --list: #66ccee; --write: #ccbb44; --upload: #228833; --token: #aa3377; --service: #ee8866; --body: #8d8ac6;
  --waited: #c8cdd3; --trouble: #d1242f; --phase: #dde7f3; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e9ed; --paper: #14171b; --faint: #2b3138; --dim: #9aa4af;
  --read: #6fa1d6; --waited: #4a525b; --trouble: #ff6b6b; --phase: #24374d; } }
body { font: 14px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); max-width: 1240px; margin: 2em auto; padding: 0 1em; }
h1 { font-size: 1.5em; margin-bottom: 0; } h2 { font-size: 1.15em; margin: 1.6em 0 .4em; } h3 { font-size: 1em; margin: 1em 0 .2em; }
small, .note { color: var(--dim); font-weight: normal; }
svg { display: block; width: 100%; }
svg text { font-size: 11px; fill: var(--ink); } svg text.tick { fill: var(--dim); font-size: 10px; }
line.tick { stroke: var(--faint); }
.read { fill: var(--read); background: var(--read); } .list { fill: var(--list); background: var(--list); }
.write { fill: var(--write); background: var(--write); } .upload { fill: var(--upload); background: var(--upload); }
.token { fill: var(--token); background: var(--token); } .service { fill: var(--service); background: var(--service); } .other { fill: var(--dim); background: var(--dim); }
.body { fill: var(--body); background: var(--body); }
.waited { fill: var(--waited); background: var(--waited); } .phase { fill: var(--phase); }
.trouble { fill: var(--trouble); background: var(--trouble); } .retry { fill: var(--ink); background: var(--ink); }
.legend span { margin-right: 1.2em; white-space: nowrap; } .legend i { display: inline-block; width: .8em; height: .8em; margin-right: .35em; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; } th, td { padding: .2em .6em; text-align: right; border-bottom: 1px solid var(--faint); }
th:first-child, td:first-child { text-align: left; }
";
