"""Planning as typed objects."""

from pathlib import Path

import promo
import pytest
from conftest import A, B


def test_without_an_inventory_every_edge_is_wanted(tree: Path) -> None:
    plan = promo.plan(promo.load_thin(tree))
    assert plan.offline
    assert plan.summary.edges == 6
    assert plan.summary.tagless == 2
    assert plan.summary.invalid == 1
    assert plan.summary.verdicts["wanted"] == 6
    edges = list(plan.edges())
    assert len(edges) == 6
    assert {(edge.destination, edge.tag) for edge in edges if edge.digest == A} == {
        ("one.example/prod/app", "v1"),
        ("one.example/prod/app", "v2"),
        ("two.example/prod/app", "v1"),
        ("two.example/prod/app", "v2"),
    }


def test_an_inventory_decides_the_edges(tree: Path) -> None:
    inventory = {
        "staging.example/team/app": {A: [], B: []},
        "one.example/prod/app": {A: ["v1"], B: []},
        "two.example/prod/app": {B: ["v1"]},
    }
    plan = promo.plan(promo.load_thin(tree), inventory=inventory)
    verdicts = {(edge.destination[:3], edge.tag): edge.verdict for edge in plan.edges()}
    assert verdicts == {
        ("one", "v1"): "present",
        ("one", "v2"): "finish",
        ("one", None): "present",
        ("two", "v1"): "tag-move",
        ("two", "v2"): "promote",
        ("two", None): "present",
    }


def test_a_part_of_the_plan_can_be_selected(tree: Path) -> None:
    plan = promo.plan(promo.load_thin(tree), destinations=["one.*"])
    assert plan.summary.edges == 3


@pytest.mark.parametrize(
    "inventory",
    [
        {"no host": {}},
        {"one.example/prod/app": {"sha256:short": []}},
        {"one.example/prod/app": {A: ["v 1"]}},
        {"one.example/prod/app": {A: ["v1"], B: ["v1"]}},
    ],
)
def test_a_bad_inventory_is_refused(tree: Path, inventory: dict[str, dict[str, list[str]]]) -> None:
    with pytest.raises(ValueError, match="inventory|two digests"):
        promo.plan(promo.load_thin(tree), inventory=inventory)


def test_objects_are_read_only(tree: Path) -> None:
    edge = next(iter(promo.plan(promo.load_thin(tree)).edges()))
    with pytest.raises(AttributeError):
        edge.verdict = "present"  # type: ignore[misc]
