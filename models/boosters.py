"""LightGBM's trees from their text, looked through before the library reads them.

LightGBM trusts its own text: an index beyond the features or nodes reads foreign memory, a circle
of nodes never ends. So every number that is an index is checked here first:

1. The sizes that the head names are those of the trees that follow.
2. Each tree's lists have the lengths that its number of leaves asks for.
3. Each node and leaf has one parent, nodes come after theirs, features and categories exist.
"""

from __future__ import annotations

import itertools
import math
import re

import lightgbm as lgb

from forewatch.errors import RegistryError

_TREE = re.compile(r"^Tree=(\d+)$", re.MULTILINE)
_END = "end of trees"
_CATEGORICAL = 1  # of decision_type: the threshold is the number of a set of categories
_LARGEST_DECISION = 15
_VERSION = "v4"


def booster_of(text: str) -> lgb.Booster:
    """Return the trees of a text.

    Raises:
        RegistryError: if the text is none that LightGBM wrote for a model of ours.
    """
    try:
        _check(text)
    except (KeyError, ValueError, IndexError) as error:
        raise RegistryError(
            f"a model's trees can't be used ({type(error).__name__}: {str(error)[:80]}); choose "
            "another version with 'forewatch models list', or run 'forewatch train'"
        ) from None
    return lgb.Booster(model_str=text)


def _check(text: str) -> None:
    head, *trees = _blocks(text)
    said = _pairs(head)
    features = int(said["max_feature_idx"]) + 1
    _want(said["version"] == _VERSION and said["num_class"] == "1", "version or number of classes")
    _want(said["num_tree_per_iteration"] == "1", "trees of one round")
    for name in ("feature_names", "feature_infos"):
        _want(len(said[name].split()) == features, name)
    sizes = [int(size) for size in said["tree_sizes"].split()]
    _want(sizes == [len(tree.encode()) for tree in trees], "sizes of the trees")
    for number, tree in enumerate(trees):
        _want(tree.startswith(f"Tree={number}\n"), "order of the trees")
        _check_tree(_pairs(tree), features)


def _blocks(text: str) -> list[str]:
    """Return the head and each tree, as LightGBM counts their sizes."""
    body = text[: text.index(_END)]
    starts = [found.start() for found in _TREE.finditer(body)]
    bounds = [0, *starts, len(body)]
    return [body[a:b] for a, b in itertools.pairwise(bounds)]


def _pairs(block: str) -> dict[str, str]:
    return dict(line.split("=", 1) for line in block.splitlines() if "=" in line)


def _check_tree(tree: dict[str, str], features: int) -> None:
    leaves, sets = int(tree["num_leaves"]), int(tree["num_cat"])
    _want(leaves >= 1 and sets >= 0 and tree["is_linear"] == "0", "kind of a tree")
    nodes = leaves - 1
    _want(len(_numbers(tree, "leaf_value")) == leaves, "leaf values")
    if not nodes:
        return
    lists = {
        name: [int(text) for text in tree[name].split()]
        for name in ("split_feature", "decision_type", "left_child", "right_child")
    }
    lists["threshold"] = thresholds = _numbers(tree, "threshold")  # type: ignore[assignment]
    for name, values in lists.items():
        _want(len(values) == nodes, f"length of {name}")
    _want(all(0 <= feature < features for feature in lists["split_feature"]), "features")
    _want(all(0 <= kind <= _LARGEST_DECISION for kind in lists["decision_type"]), "decisions")
    _check_children(lists["left_child"], lists["right_child"], leaves)
    chosen = [
        threshold
        for threshold, kind in zip(thresholds, lists["decision_type"], strict=True)
        if kind & _CATEGORICAL
    ]
    _want(all(t.is_integer() and 0 <= t < sets for t in chosen), "sets of categories")
    if sets:
        bounds = [int(text) for text in tree["cat_boundaries"].split()]
        words = [int(text) for text in tree["cat_threshold"].split()]
        _want(len(bounds) == sets + 1 and bounds[0] == 0, "bounds of categories")
        _want(bounds == sorted(bounds) and bounds[-1] == len(words), "bounds of categories")
        _want(all(0 <= word < 1 << 32 for word in words), "categories")


def _check_children(left: list[int], right: list[int], leaves: int) -> None:
    seen: set[int] = set()
    for node, children in enumerate(zip(left, right, strict=True)):
        for child in children:
            _want(-leaves <= child < leaves - 1 and child not in seen, "children")
            _want(child < 0 or child > node, "order of the nodes")
            seen.add(child)
    _want(len(seen) == 2 * (leaves - 1), "number of children")


def _numbers(tree: dict[str, str], name: str) -> list[float]:
    found = [float(text) for text in tree[name].split()]
    _want(not any(math.isnan(number) for number in found), name)
    return found


def _want(holds: bool, what: str) -> None:  # noqa: FBT001 - a condition and its name
    if not holds:
        raise ValueError(what)
