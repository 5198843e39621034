//! How settings of registries are written in a promo.toml: what hints and tables say is what a person can copy there.

use std::fmt::Write as _;

/// The table of a registry: `[registry."HOST"]`.
pub fn registry_table(host: &str) -> String {
    format!("[registry.{}]", quoted(host))
}

/// A setting of a registry with its value, for a sentence: `` `plain-http = true` under `[registry."HOST"]` in promo.toml ``.
/// The value is written as TOML has it; see [`quoted`].
pub fn registry_setting(host: &str, key: &str, value: &str) -> String {
    let table = registry_table(host);
    format!("`{key} = {value}` under `{table}` in promo.toml")
}

/// A text as TOML quotes it.
pub fn quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for character in text.chars() {
        match character {
            '"' | '\\' => quoted.extend(['\\', character]),
            control if control.is_control() => {
                // Nothing fails that writes to a text.
                let _ = write!(quoted, "\\u{:04X}", u32::from(control));
            }
            other => quoted.push(other),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_setting_can_be_copied_into_the_file() {
        let host = "registry.internal:5000";
        assert_eq!(
            registry_setting(host, "token-realm", &quoted("auth.internal")),
            r#"`token-realm = "auth.internal"` under `[registry."registry.internal:5000"]` in promo.toml"#
        );
        assert_eq!(quoted("a\"b\\c\n"), r#""a\"b\\c\u000A""#);
    }
}
