from models.training.augmentation import augmented
from models.training.soft_labels import NO_ORIGIN

TEXTS = ["Oil prices rise as OPEC cuts output again this week"] * 200
NEIGHBOURS = {"oil": ["petroleum"], "rise": ["climb"], "cuts": ["lowers"]}


def test_copies_hold_neighbours_and_lack_words() -> None:
    copies, _ = augmented(TEXTS, NEIGHBOURS, seed=1)

    assert any("Petroleum" in copy for copy in copies)
    assert any("climb" in copy for copy in copies)
    assert any("OPEC" not in copy for copy in copies)


def test_a_copy_names_the_texts_that_it_was_made_of() -> None:
    texts = [f"alpha{row} beta{row} gamma{row} delta{row} epsilon{row}" for row in range(100)]

    copies, origins = augmented(texts, {}, seed=2)

    assert (origins[:, 0] == range(100)).all()
    spliced = origins[:, 1] != NO_ORIGIN
    assert 10 < spliced.sum() < 45
    for copy, (row, other) in zip(copies, origins.tolist(), strict=True):
        allowed = set(texts[row].split()) | (set(texts[other].split()) if other != NO_ORIGIN else set())
        assert set(copy.split()) <= allowed


def test_equal_seeds_give_equal_copies() -> None:
    assert augmented(TEXTS, NEIGHBOURS, seed=3)[0] == augmented(TEXTS, NEIGHBOURS, seed=3)[0]
    assert augmented(TEXTS, NEIGHBOURS, seed=3)[0] != augmented(TEXTS, NEIGHBOURS, seed=4)[0]
