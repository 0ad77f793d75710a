"""Make tiny.onnx, a teacher of 30 words for tests: `python tests/data/teacher/make.py`, where `make venv-teacher` was run.

Its scores are the means of its words' rows: `fed` speaks for the second topic and bearish, `dividend` for the fifth and
bullish, every other word for nothing.
"""

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

from models.careful.teacher import INPUTS, OUTPUT, metadata
from models.weights import COLUMNS

WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "fed", "dividend", "rates", "stock"]
FED, DIVIDEND = WORDS.index("fed"), WORDS.index("dividend")


def vocabulary() -> bytes:
    """Give a tokenizer of whole words."""
    tokenizer = Tokenizer(models.WordPiece({word: id_ for id_, word in enumerate(WORDS)}, unk_token=WORDS[1]))
    tokenizer.normalizer = normalizers.Lowercase()
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", WORDS.index("[CLS]")), ("[SEP]", WORDS.index("[SEP]"))]
    )
    return tokenizer.to_str().encode()


def network() -> onnx.ModelProto:
    """Give a network that averages rows of a table."""
    table = np.zeros((len(WORDS), COLUMNS), dtype=np.float32)
    table[FED, [1, 20]] = 40.0
    table[DIVIDEND, [4, 21]] = 40.0
    nodes = [
        helper.make_node("Gather", ["table", INPUTS[0]], ["rows"]),
        helper.make_node("ReduceMean", ["rows"], ["means"], axes=[1], keepdims=0),
        helper.make_node("Cast", [INPUTS[1]], ["present"], to=TensorProto.FLOAT),
        helper.make_node("ReduceMax", ["present"], ["one"], axes=[1], keepdims=1),
        helper.make_node("Mul", ["means", "one"], [OUTPUT]),
    ]
    inputs = [helper.make_tensor_value_info(name, TensorProto.INT64, ["texts", "wordpieces"]) for name in INPUTS]
    output = helper.make_tensor_value_info(OUTPUT, TensorProto.FLOAT, ["texts", COLUMNS])
    graph = helper.make_graph(nodes, "tiny", inputs, [output], [numpy_helper.from_array(table, "table")])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


if __name__ == "__main__":
    model = network()
    helper.set_model_props(model, metadata(vocabulary=vocabulary(), doubts=np.linspace(0, 1.6, 201).tolist()))
    Path(__file__).with_name("tiny.onnx").write_bytes(model.SerializeToString())
