"""Files as sources of Great Expectations: csv, tsv and parquet as its own file assets, JSONL read by the project."""

import glob
import re
from pathlib import Path

import pandas as pd
from great_expectations.core.batch_definition import BatchDefinition
from great_expectations.data_context import AbstractDataContext

from models.errors import DataError
from monitoring.files import read_jsonl, reading

_ASSET, _BATCH = "file", "all"
_SEPARATORS = {".csv": ",", ".tsv": "\t"}
FORMATS = (*_SEPARATORS, ".parquet", ".jsonl")


def add_source(context: AbstractDataContext, name: str, path: Path) -> BatchDefinition:
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
    ending = format_of(path)
    kept = {"path": str(path)}
    with reading(path):
        if ending == ".jsonl":
            frames = context.data_sources.add_pandas(name).add_dataframe_asset(_ASSET, batch_metadata=kept)
            return frames.add_batch_definition_whole_dataframe(_BATCH)
        if ending == ".parquet":
            folder = context.data_sources.add_pandas_filesystem(name, base_directory=path.parent)
            files = folder.add_parquet_asset(_ASSET, batch_metadata=kept, connect_options=_only(path))
        else:
            text = {"sep": _SEPARATORS[ending], "index_col": False, "encoding": "utf-8-sig"}
            header = pd.read_csv(path, nrows=0, **text).columns
            folder = context.data_sources.add_pandas_filesystem(name, base_directory=path.parent)
            files = folder.add_csv_asset(
                _ASSET,
                batch_metadata=kept,
                # All as text: 1.0 and 01 are no label ids, and "NA" and "null" are words that a tweet may hold.
                dtype=dict.fromkeys(header, "str"),
                keep_default_na=False,
                na_values="",
                connect_options=_only(path),
                **text,
            )
    return files.add_batch_definition_path(_BATCH, re.escape(path.name))  # it takes a pattern


def get_source(context: AbstractDataContext, name: str) -> BatchDefinition:
    """Give the file that stands under a name.

    Raises:
        KeyError: no source has this name.
    """
    return context.data_sources.get(name).get_asset(_ASSET).get_batch_definition(_BATCH)


def path_of(source: BatchDefinition) -> Path:
    """Tell which file a source is."""
    return Path((source.data_asset.batch_metadata or {})["path"])


def frame_parameters(source: BatchDefinition) -> dict[str, pd.DataFrame] | None:
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
        raise DataError(f"{path} has the ending {ending or 'of nothing'}: give a file that ends in {', '.join(FORMATS)}")
    return ending


def _only(path: Path) -> dict[str, str]:
    return {"glob_directive": glob.escape(path.name)}  # else it lists all that lies below the folder
