"""Trees of promoter manifests that the tests load."""

from pathlib import Path

import pytest

A = "sha256:" + "a" * 64
B = "sha256:" + "b" * 64

REGISTRIES = """\
registries:
- name: staging.example/team
  src: true
- name: one.example/prod
- name: two.example/prod
"""


def write_tree(root: Path, images: str, registries: str = REGISTRIES) -> Path:
    """Write a thin tree with one project."""
    for folder, name, text in [
        ("manifests", "promoter-manifest.yaml", registries),
        ("images", "images.yaml", images),
    ]:
        place = root / folder / "team"
        place.mkdir(parents=True)
        (place / name).write_text(text)
    return root


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A tree with two digests, one of them without a tag, and one bad entry."""
    return write_tree(
        tmp_path,
        f"""\
- name: app
  dmap:
    "{A}": ["v1", "v2"]
    "{B}": []
    "ha256:{"c" * 64}": ["v3"]
""",
    )
