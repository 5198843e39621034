"""The native part of promo."""

from collections.abc import Iterator, Mapping, Sequence
from os import PathLike
from typing import final

__all__ = [
    "DigestEntry",
    "Edge",
    "Edges",
    "Finding",
    "Image",
    "ManifestError",
    "ManifestSet",
    "Plan",
    "PromoError",
    "PromoterManifest",
    "Summary",
    "__version__",
    "load_plain",
    "load_thin",
    "plan",
]

__version__: str

class PromoError(Exception):
    """What promo can't do."""

    code: str
    """Stable, such as `PROMO-M001`."""
    hints: list[str]
    """What to do, one sentence each."""

class ManifestError(PromoError):
    """A tree of promoter manifests is refused as a whole."""

    findings: list[Finding]
    """Everything that is wrong with it, not only the first."""

def load_thin(directory: str | PathLike[str]) -> ManifestSet:
    """Load a tree of thin manifests: `DIRECTORY/manifests/*/promoter-manifest.yaml` with its images.

    Raises:
        ManifestError: The structure is broken or a file can't be read. Bad single entries don't raise: they are
            left out and are among the findings of the result.
    """

def load_plain(file: str | PathLike[str]) -> ManifestSet:
    """Load one plain manifest, which has its registries and images in one file."""

def plan(
    manifests: ManifestSet,
    *,
    inventory: Mapping[str, Mapping[str, Sequence[str]]] | None = None,
    images: Sequence[str] | None = None,
    destinations: Sequence[str] | None = None,
) -> Plan:
    """Compare what manifests want with what registries hold.

    Args:
        manifests: What is wanted.
        inventory: `{repository: {digest: [tags]}}`. A repository that is named is known completely; of others
            nothing is known, and edges that need them are `undecided`. Without an inventory every edge is `wanted`.
        images: Glob patterns of image names; all if none are given.
        destinations: Glob patterns of destination hosts, registries or repositories; all if none are given.

    Raises:
        ValueError: A name in the inventory or a pattern is not valid.
    """

@final
class ManifestSet:
    """A tree of promoter manifests, checked."""

    @property
    def manifests(self) -> list[PromoterManifest]: ...
    @property
    def findings(self) -> list[Finding]: ...

@final
class PromoterManifest:
    """One promoter manifest."""

    @property
    def file(self) -> str: ...
    @property
    def images_file(self) -> str: ...
    @property
    def source(self) -> str: ...
    @property
    def destinations(self) -> list[str]: ...
    @property
    def images(self) -> list[Image]: ...

@final
class Image:
    """One image of a promoter manifest."""

    @property
    def name(self) -> str: ...
    @property
    def line(self) -> int: ...
    @property
    def digests(self) -> list[DigestEntry]: ...

@final
class DigestEntry:
    """One digest of an image with its tags."""

    @property
    def digest(self) -> str: ...
    @property
    def tags(self) -> list[str]: ...
    @property
    def line(self) -> int: ...

@final
class Finding:
    """Something that is wrong or odd in a tree."""

    @property
    def file(self) -> str: ...
    @property
    def line(self) -> int | None: ...
    @property
    def column(self) -> int | None: ...
    @property
    def severity(self) -> str:
        """`error`, `invalid` or `warning`."""
    @property
    def code(self) -> str: ...
    @property
    def message(self) -> str: ...
    @property
    def expected(self) -> str: ...

@final
class Plan:
    """What a run would do, edge by edge."""

    @property
    def summary(self) -> Summary: ...
    @property
    def offline(self) -> bool: ...
    def edges(self) -> Edges: ...

@final
class Edges(Iterator[Edge]):
    """Walks over the edges of a plan without making a list of them."""

    def __iter__(self) -> Edges: ...
    def __next__(self) -> Edge: ...

@final
class Summary:
    """The numbers of a plan."""

    @property
    def edges(self) -> int: ...
    @property
    def tagless(self) -> int: ...
    @property
    def images(self) -> int: ...
    @property
    def digests(self) -> int: ...
    @property
    def invalid(self) -> int: ...
    @property
    def verdicts(self) -> dict[str, int]: ...

@final
class Edge:
    """One digest, under one tag or none, from one source to one destination."""

    @property
    def image(self) -> str: ...
    @property
    def source(self) -> str: ...
    @property
    def destination(self) -> str: ...
    @property
    def identity(self) -> str: ...
    @property
    def digest(self) -> str: ...
    @property
    def tag(self) -> str | None: ...
    @property
    def verdict(self) -> str: ...
    @property
    def code(self) -> str: ...
    @property
    def reason(self) -> str: ...
    @property
    def file(self) -> str: ...
    @property
    def line(self) -> int: ...
