//! What every test of bad input asserts: what was good went through with its evidence, what was bad left no trace.

use promo_testkit::image::BuiltImage;
use promo_testkit::registry::EmbeddedRegistry;

use crate::support::{KEY, Output, World};

impl World {
    /// Stages an image under a name of its own and wants it in production, besides the two that are good.
    pub(crate) fn also(&self, name: &str, image: &BuiltImage) {
        image.push_to(&self.staging.state(), &format!("team/{name}"), "v1");
        self.want(name, image.digest());
    }

    /// Wants a digest in production, besides the two images that are good.
    pub(crate) fn want(&self, name: &str, digest: &str) {
        let entry = format!("- name: {name}\n  dmap:\n    \"{digest}\": [\"v1\"]\n");
        self.write_tree(&format!("{}{entry}", self.images_yaml()));
    }

    /// Two good images are published with their evidence.
    pub(crate) fn good_ones_are_published(&self) {
        for name in ["app", "server"] {
            assert_eq!(self.published(name).as_deref(), Some(self.digest(name)));
            assert_eq!(self.referrers(name), 2, "{name}");
        }
    }

    /// No tag in production is without its evidence.
    pub(crate) fn promise_holds(&self) {
        let state = self.production.state();
        for repository in state.repositories() {
            for (tag, digest) in state.tags(&repository) {
                let evidence = state.referrers(&repository, &digest).len();
                let is_evidence = tag.starts_with("sha256-");
                assert!(
                    is_evidence || evidence >= 2,
                    "{repository}:{tag} has {evidence}"
                );
            }
        }
    }

    /// Nothing of an image can be pulled from production, by tag or by digest.
    pub(crate) fn nothing_of(&self, name: &str) {
        let state = self.production.state();
        let repository = format!("team/{name}");
        assert!(state.tags(&repository).is_empty(), "{name}");
        assert!(state.manifests(&repository).is_empty(), "{name}");
    }

    /// The run after it, when all is well again, publishes everything.
    pub(crate) async fn completed(&self) {
        self.staging.faults().clear();
        self.production.faults().clear();
        let run = self.promote(&KEY).await;
        assert_eq!(run.code, Some(0), "{run}");
        self.good_ones_are_published();
    }
}

/// Nothing was put into a registry and no upload is open.
pub(crate) fn untouched(registry: &EmbeddedRegistry) {
    assert!(registry.log().writes().is_empty());
    assert!(registry.state().repositories().is_empty());
}

impl Output {
    /// It ended with this exit code, and its text has each of these parts.
    pub(crate) fn is(&self, code: i32, parts: &[&str]) {
        assert_eq!(self.code, Some(code), "{self}");
        let text = format!("{}{}", self.stdout, self.stderr);
        for part in parts {
            assert!(text.contains(part), "`{part}` is not in\n{self}");
        }
        let is_control = |character: char| character.is_control() && character != '\n';
        assert!(
            !text.contains(is_control),
            "control characters in\n{text:?}"
        );
        assert!(text.len() < 16_000, "{} bytes of text", text.len());
    }
}
