"""Loading and checking trees."""

from pathlib import Path

import promo
import pytest
from conftest import A, B, write_tree


def test_a_tree_is_loaded_as_typed_objects(tree: Path) -> None:
    loaded = promo.load_thin(tree)
    (manifest,) = loaded.manifests
    assert manifest.source == "staging.example/team"
    assert manifest.destinations == ["one.example/prod", "two.example/prod"]
    (image,) = manifest.images
    assert image.name == "app"
    assert [(digest.digest, digest.tags) for digest in image.digests] == [(A, ["v1", "v2"]), (B, [])]


def test_a_bad_entry_is_left_out_and_said(tree: Path) -> None:
    (finding,) = promo.load_thin(tree).findings
    assert finding.severity == "invalid"
    assert finding.code.startswith("PROMO-M")
    assert finding.file == "images/team/images.yaml"
    assert finding.line == 5
    assert str(finding).startswith("images/team/images.yaml:5:")


def test_a_broken_structure_raises_with_all_findings(tmp_path: Path) -> None:
    write_tree(tmp_path, "- name: app\n  colour: red\n- name: web\n  shape: round\n")
    with pytest.raises(promo.ManifestError) as raised:
        promo.load_thin(tmp_path)
    assert raised.value.code.startswith("PROMO-M")
    assert {finding.line for finding in raised.value.findings if finding.severity == "error"} >= {2, 4}
    assert isinstance(raised.value, promo.PromoError)


def test_a_folder_that_is_not_there_raises(tmp_path: Path) -> None:
    with pytest.raises(promo.ManifestError):
        promo.load_thin(tmp_path / "nowhere")


def test_a_plain_manifest_is_loaded(tmp_path: Path) -> None:
    file = tmp_path / "plain.yaml"
    file.write_text(
        "registries:\n- {name: staging.example/team, src: true}\n- {name: one.example/prod}\n"
        f"images:\n- name: app\n  dmap:\n    '{A}': [v1]\n"
    )
    (manifest,) = promo.load_plain(file).manifests
    assert [image.name for image in manifest.images] == ["app"]
