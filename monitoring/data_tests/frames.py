"""Files of data as frames: JSONL, and what is wrong with a file that pandas can't read."""

import gzip
import warnings
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import pandas as pd
from pyarrow import ArrowException

from models.errors import DataError
from models.files import unpacked
from monitoring.data_tests.files import require_file


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Turn what pandas says of a broken file into a `DataError` of one line that quotes none of its text.

    Raises:
        DataNotFoundError: the file is not there or can't be read.
        DataError: it is not what its name says.
    """
    require_file(path)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", pd.errors.ParserWarning)  # rows with more fields than the header
            yield
    except UnicodeDecodeError as exc:
        raise DataError(f"{path} is not UTF-8: byte {exc.object[exc.start]:#04x}") from exc
    except (gzip.BadGzipFile, EOFError, zlib.error) as exc:
        raise DataError(f"{path} is no whole gzip file: fetch or compress it again") from exc
    except pd.errors.EmptyDataError as exc:
        raise DataError(f"{path} is empty: expected a header") from exc
    except ArrowException as exc:
        raise DataError(f"{path} is no whole parquet file: write it again") from exc
    except (pd.errors.ParserError, pd.errors.ParserWarning) as exc:
        raise DataError(f"{path} is not what its name says: {exc}") from exc


def read_jsonl(path: Path) -> pd.DataFrame:
    """Read one JSON object a line into one row each; the object in `data`, where there is one, as X's streams send it.

    Returns:
        A row for each line but blank ones, whose index is the line's number less one. A line that is no JSON object is
        a row without any value.
    """
    decode = msgspec.json.Decoder(dict[str, object]).decode
    rows: dict[int, dict[str, object]] = {}
    with unpacked(path) as file:
        for number, line in enumerate(file):
            if line.strip():
                rows[number] = _fields(line, decode)
    return pd.DataFrame(list(rows.values()), index=list(rows), dtype=object)


def _fields(line: bytes, decode: Callable[[bytes], dict[str, object]]) -> dict[str, object]:
    try:
        record = decode(line)
    except (ValueError, RecursionError):  # msgspec's errors are ValueErrors
        return {}
    data = record.get("data")
    return data if isinstance(data, dict) else record
