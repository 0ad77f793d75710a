from pathlib import Path

import numpy as np
import pytest

from models.careful.teacher import ServedTeacher
from models.errors import ModelCorruptError

pytest.importorskip("onnxruntime", reason="needs the extra careful: run `make venv`")

TINY = (Path(__file__).parents[3] / "data" / "teacher" / "tiny.onnx").read_bytes()


def test_teacher_reads_wordpieces_of_text_without_links() -> None:
    teacher = ServedTeacher(TINY)

    fed, linked, nothing = (
        teacher.probabilities(text) for text in ("Fed &amp; rates", "FED https://t.co/fed & rates", "")
    )

    assert (fed[:20].argmax(), fed[20:].argmax()) == (1, 0)
    assert np.array_equal(fed, linked)
    assert nothing == pytest.approx([1 / 20] * 20 + [1 / 3] * 3)
    assert (teacher.doubts[0], teacher.doubts[-1], len(teacher.doubts)) == (0.0, 1.6, 201)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"no network",
        TINY[:1000],
        TINY.replace(b"tickertape_format\x12\x011", b"tickertape_format\x12\x012"),
        TINY.replace(b"tickertape_doubts", b"tickertape_hopes_"),
    ],
)
def test_damaged_or_foreign_file_is_refused_with_what_to_do(content: bytes) -> None:
    with pytest.raises(ModelCorruptError, match="train again with --teacher"):
        ServedTeacher(content)
