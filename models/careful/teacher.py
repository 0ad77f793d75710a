"""The teacher as it is served: int8 ONNX in one file with its vocabulary, run by onnxruntime."""

from collections.abc import Mapping, Sequence

import msgspec
import numpy as np
import onnxruntime

from models.calibration import FloatArray, softmax
from models.errors import ModelCorruptError
from models.teacher.wordpieces import Wordpieces, padded
from models.weights import HEAD_COLUMNS

FORMAT = "1"
INPUTS = ("ids", "mask")
"""Both int64 of shape (n, longest), see `models.teacher.wordpieces.padded`."""
OUTPUT = "scores"
"""float32 of shape (n, `COLUMNS`)."""
_FORMAT_KEY, _VOCABULARY_KEY, _DOUBTS_KEY = "tickertape_format", "tickertape_vocabulary", "tickertape_doubts"
_SILENT = 3  # onnxruntime's level for errors alone


class ServedTeacher:
    """A teacher that answers some hundred texts a second on one core; safe to share between threads.

    Attributes:
        doubts: see `metadata`.
    """

    def __init__(self, content: bytes) -> None:
        """Load the file that `models.teacher.export` writes; whoever gives it has checked its hash.

        Raises:
            ModelCorruptError: it is no such file, or of another format.
        """
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = _SILENT
        try:
            self._session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
            found: Mapping[str, str] = self._session.get_modelmeta().custom_metadata_map
            if found.get(_FORMAT_KEY) != FORMAT:
                raise ValueError(f"its format is {found.get(_FORMAT_KEY)!r}, this release reads {FORMAT!r}")  # noqa: TRY301  # told with the rest
            self._wordpieces = Wordpieces(found[_VOCABULARY_KEY].encode())
            self.doubts: FloatArray = np.array(msgspec.json.decode(found[_DOUBTS_KEY], type=list[float]))
        except Exception as exc:  # onnxruntime and tokenizers have no error of their own to name
            raise ModelCorruptError(
                f"the teacher of this model can't be loaded ({type(exc).__name__}: {str(exc)[:200]}); "
                "train again with --teacher"
            ) from exc

    def probabilities(self, text: str) -> FloatArray:
        """Give each class of both heads its probability; shape (`COLUMNS`,), each head's sum to 1.

        A text at a time: on one core several at once are no faster, as the shorter ones are filled up.
        """
        inputs = dict(zip(INPUTS, padded(self._wordpieces.ids([text])), strict=True))
        (scores,) = self._session.run([OUTPUT], inputs)
        return np.concatenate([softmax(scores[:, head], temperature=1.0)[0] for head in HEAD_COLUMNS])


def metadata(*, vocabulary: bytes, doubts: Sequence[float]) -> dict[str, str]:
    """Make what goes into the file beside the network.

    Args:
        vocabulary: a `tokenizer.json`.
        doubts: of held-out tweets, from the least to the largest in equal steps of their number, see
            `models.careful.doubt`.
    """
    return {
        _FORMAT_KEY: FORMAT,
        _VOCABULARY_KEY: vocabulary.decode(),
        _DOUBTS_KEY: msgspec.json.encode([round(doubt, 6) for doubt in doubts]).decode(),
    }
