"""Files as sources of Great Expectations: csv, tsv and parquet as its own file assets, JSONL read by the project."""

import glob
import re
from pathlib import Path
from typing import Any, cast

import pandas as pd
from great_expectations.core.batch_definition import BatchDefinition
from great_expectations.data_context import AbstractDataContext

from models.errors import DataError
from monitoring.data_tests.files import require_file
from monitoring.data_tests.frames import read_jsonl, reading

Source = BatchDefinition[Any]

_ASSET, _BATCH = "file", "all"
_SEPARATORS = {".csv": ",", ".tsv": "\t"}
FORMATS = (*_SEPARATORS, ".parquet", ".jsonl")


def add_source(context: AbstractDataContext, name: str, path: Path) -> Source:
    """Add a file under a name; its ending tells the format, csv, tsv and jsonl perhaps with `.gz` behind it.

    Args:
        context: the project it is added to.
        name: of the source, new to the project.
        path: the file; the project keeps its absolute path.

    Raises:
        DataNotFoundError: the file is not there or can't be read.
        DataError: it has another ending, or no header.
    """
    path = path.absolute()
    require_file(path)
    ending = format_of(path)
    kept = {"path": str(path)}
    with reading(path):
        if ending == ".jsonl":
            frames = context.data_sources.add_pandas(name).add_dataframe_asset(_ASSET, batch_metadata=kept)
            return frames.add_batch_definition_whole_dataframe(_BATCH)
        options = _csv_options(path, _SEPARATORS[ending]) if ending in _SEPARATORS else {}
    folder: Any = context.data_sources.add_pandas_filesystem(name, base_directory=path.parent)  # its types lack options
    # Without the pattern it lists all that lies below the folder.
    options |= {"batch_metadata": kept, "connect_options": {"glob_directive": glob.escape(path.name)}}
    files = (
        folder.add_parquet_asset(_ASSET, **options) if ending == ".parquet" else folder.add_csv_asset(_ASSET, **options)
    )
    return cast("Source", files.add_batch_definition_path(_BATCH, re.escape(path.name)))  # it takes a pattern


def _csv_options(path: Path, separator: str) -> dict[str, Any]:
    header = pd.read_csv(path, nrows=0, sep=separator, index_col=False, encoding="utf-8-sig").columns
    return {
        "sep": separator,
        "index_col": False,
        "encoding": "utf-8-sig",
        # All as text: 1.0 and 01 are no label ids, and "NA" and "null" are words that a tweet may hold.
        "dtype": dict.fromkeys(header, "str"),
        "keep_default_na": False,
        "na_values": "",
    }


def get_source(context: AbstractDataContext, name: str) -> Source:
    """Give the file that stands under a name.

    Raises:
        KeyError: no source has this name.
    """
    return cast("Source", context.data_sources.get(name).get_asset(_ASSET).get_batch_definition(_BATCH))


def path_of(source: Source) -> Path:
    """Tell which file a source is."""
    return Path((source.data_asset.batch_metadata or {})["path"])


def frame_parameters(source: Source) -> dict[str, pd.DataFrame] | None:
    """Give the batch parameters of a source: what the project must read itself, else None."""
    path = path_of(source)
    return {"dataframe": read_jsonl(path)} if format_of(path) == ".jsonl" else None


def format_of(path: Path) -> str:
    """Tell the format by the file's ending.

    Raises:
        DataError: it has none of the endings.

    >>> format_of(Path("tweets.JSONL.gz"))
    '.jsonl'
    """
    ending = Path(path.name.lower().removesuffix(".gz")).suffix
    if ending not in FORMATS:
        raise DataError(
            f"{path} has the ending {ending or 'of nothing'}: give a file that ends in {', '.join(FORMATS)}"
        )
    return ending
