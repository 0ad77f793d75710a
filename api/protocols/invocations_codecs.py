"""Bytes <-> records of MLflow's scoring protocol: a table with a column `text` in, a table of answers out.

The protocol: https://mlflow.org/docs/latest/ml/deployment/deploy-model-locally/
"""

from collections.abc import Sequence

import msgspec

from api.bodies import WrongElementError, WrongField, check_count, invalid, is_string, read_each, read_json
from api.codecs import MIXED_INPUT, text_alone
from models.records import ClassifiedTweet, ModelVersion, Tweet
from models.tweets import Reason

COLUMN = "text"
FORMATS = ("dataframe_split", "dataframe_records", "instances", "inputs")


class _Split(msgspec.Struct, frozen=True):
    columns: list[str]
    data: list[msgspec.Raw]


class _Row(msgspec.Struct, frozen=True):
    text: str


class _Columns(msgspec.Struct, frozen=True):
    text: list[msgspec.Raw] | str


_Tensor = list[msgspec.Raw] | str | _Columns


class _Body(msgspec.Struct, frozen=True):
    dataframe_split: _Split | msgspec.UnsetType = msgspec.UNSET
    dataframe_records: list[msgspec.Raw] | msgspec.UnsetType = msgspec.UNSET
    instances: _Tensor | msgspec.UnsetType = msgspec.UNSET
    inputs: _Tensor | msgspec.UnsetType = msgspec.UNSET


class Invoked(msgspec.Struct, frozen=True):
    """One row of the answer; the columns are those of the model's signature in MLflow."""

    label: str
    label_score: float
    sentiment: str
    sentiment_score: float


class _Answer(msgspec.Struct, frozen=True):
    predictions: list[Invoked]
    model: ModelVersion


_decoder = msgspec.json.Decoder(_Body)
_row_decoder = msgspec.json.Decoder(_Row)
_cells_decoder = msgspec.json.Decoder(list[msgspec.Raw])
_text_decoder = msgspec.json.Decoder(str)
_encoder = msgspec.json.Encoder()


def decode_invocation(body: bytes, *, max_texts: int) -> list[Tweet]:
    """Read the body of `POST /invocations`.

    Args:
        body: JSON in UTF-8, an object with one of `FORMATS`. Other members and columns are ignored, as by MLflow.
        max_texts: most texts in one request.

    Raises:
        MalformedBodyError: no JSON in UTF-8.
        InvalidBodyError: JSON of another shape; names the first wrong field of each text.

    >>> [tweet.text for tweet in decode_invocation(b'{"inputs": ["up", "down"]}', max_texts=2)]
    ['up', 'down']
    """
    return read_json(body, lambda content: _tweets(_decoder.decode(content), max_texts))


def encode_invocation(answers: Sequence[ClassifiedTweet]) -> bytes:
    """Write the answer of `POST /invocations`; of one model, at least one."""
    rows = [Invoked(answer.label, answer.label_score, answer.sentiment, answer.sentiment_score) for answer in answers]
    return _encoder.encode(_Answer(rows, answers[0].model))


def _tweets(body: _Body, max_texts: int) -> list[Tweet]:
    sent = [name for name in FORMATS if getattr(body, name) is not msgspec.UNSET]
    if len(sent) != 1:
        wrong = WrongField(sent[1], MIXED_INPUT, "") if sent else WrongField("", Reason.MISSING_FIELD, "")
        raise invalid([wrong._replace(detail=f"a body holds one of {', '.join(FORMATS)}")])
    [name] = sent
    content: _Split | _Tensor = getattr(body, name)
    if isinstance(content, _Split):
        return _split(content, max_texts)
    if isinstance(content, _Columns):
        content, name = content.text, f"{name}.{COLUMN}"
        if not isinstance(content, str):
            check_count(name, len(content), most=max_texts)
            return read_each(content, _text, place=f"{name}[{{}}]")
    if isinstance(content, str):
        return read_each([content], text_alone, place=name)
    check_count(name, len(content), most=max_texts)
    is_text = name != "dataframe_records" and is_string(content[0])
    return read_each(content, _text if is_text else _row, place=f"{name}[{{}}]")


def _split(table: _Split, max_texts: int) -> list[Tweet]:
    if table.columns.count(COLUMN) != 1:
        detail = f"the table has not one column {COLUMN!r}"
        raise invalid([WrongField("dataframe_split.columns", Reason.MISSING_FIELD, detail)])
    check_count("dataframe_split.data", len(table.data), most=max_texts)
    column, width = table.columns.index(COLUMN), len(table.columns)

    def cell(row: msgspec.Raw) -> Tweet:
        cells = _cells_decoder.decode(row)
        if len(cells) != width:
            raise WrongElementError(WrongField("", "wrong_count", f"the row has {len(cells)} cells, columns {width}"))
        return _text(cells[column])

    return read_each(table.data, cell, place="dataframe_split.data[{}]")


def _text(raw: msgspec.Raw) -> Tweet:
    return text_alone(_text_decoder.decode(raw))


def _row(raw: msgspec.Raw) -> Tweet:
    return text_alone(_row_decoder.decode(raw).text)
