import pytest

from forewatch.areas import Area, AreaTree
from forewatch.errors import SettingsError, UnknownArea

LEVELS = ("force", "district", "beat")
TREE = AreaTree(
    (
        Area("n1", "N1", "north"),
        Area("force", "Force"),
        Area("north", "North", "force"),
        Area("island", "Island", "force"),
        Area("n2", "N2", "north"),
    ),
    LEVELS,
)


def test_parents_may_stand_after_their_children() -> None:
    assert TREE.root == "force"
    assert TREE.children("north") == ("n1", "n2")
    assert TREE.leaves == ("n1", "island", "n2")
    assert TREE.below("north") == ("north", "n1", "n2")
    assert TREE.below("force")[0] == "force"
    assert TREE.leaves_of("force") == TREE.leaves
    assert TREE.leaves_of("n1") == ("n1",)


def test_levels_are_named_by_depth() -> None:
    assert [TREE.level(i) for i in ("force", "island", "n1")] == list(LEVELS)
    assert TREE.at_level("district") == ("north", "island")


@pytest.mark.parametrize("level", LEVELS)
def test_a_cut_tiles_the_force(level: str) -> None:
    cut = TREE.cut(level)
    held = [leaf for area in cut for leaf in TREE.leaves_of(area)]
    assert sorted(held) == sorted(TREE.leaves)
    for leaf in TREE.leaves:
        assert TREE.leaves_of(TREE.ancestor_in(leaf, cut)).count(leaf) == 1


def test_a_leaf_above_the_level_stands_for_itself() -> None:
    assert TREE.cut("beat") == ("n1", "island", "n2")


def test_an_unknown_area_is_met_with_near_names() -> None:
    with pytest.raises(UnknownArea, match="no area 'nort'; near names: north") as caught:
        TREE.children("nort")
    assert "north" in caught.value.near
    with pytest.raises(
        SettingsError, match="no level 'ward'; the levels are force, district, beat"
    ):
        TREE.at_level("ward")
    with pytest.raises(UnknownArea):
        TREE.ancestor_in("island", ("north",))


@pytest.mark.parametrize(
    ("areas", "message"),
    [
        ((Area("a", "A"), Area("b", "B")), "one root"),
        ((Area("a", "A"), Area("a", "A2", "a")), "stand twice: a"),
        ((Area("a", "A"), Area("b", "B", "x")), "not in the tree: b"),
        ((Area("a", "A"), Area("b", "B", "c"), Area("c", "C", "b")), "in a circle: b, c"),
        (
            (Area("a", "A"), Area("b", "B", "a"), Area("c", "C", "b"), Area("d", "D", "c")),
            "4 levels deep, levels names 3",
        ),
    ],
)
def test_what_is_no_tree_is_refused(areas: tuple[Area, ...], message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        AreaTree(areas, LEVELS)


@pytest.mark.parametrize("word", ["all", "each", "exclude"])
def test_no_area_is_called_like_a_word_of_questions(word: str) -> None:
    tree = AreaTree((Area("a", "A"), Area(word, "B", "a")), LEVELS)
    with pytest.raises(SettingsError, match=f"no area may have the id {word}: .* another id"):
        tree.stop_at_reserved_ids()


def test_no_area_is_called_like_a_level_unless_it_is_all_of_it() -> None:
    TREE.stop_at_reserved_ids()  # the root "force" is the whole level "force"
    lone = AreaTree((Area("force", "F"), Area("district", "D", "force")), LEVELS)
    lone.stop_at_reserved_ids()
    for tree in (
        AreaTree((Area("beat", "B"), Area("n", "N", "beat")), LEVELS),
        AreaTree((Area("f", "F"), Area("force", "N", "f")), LEVELS),
        AreaTree((Area("f", "F"), Area("district", "D", "f"), Area("e", "E", "f")), LEVELS),
    ):
        with pytest.raises(SettingsError, match="has the id of a level of areas"):
            tree.stop_at_reserved_ids()
