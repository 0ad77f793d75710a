"""`tickertape drift reference`: of labelled tweets, and the last step of all."""

import sys
from pathlib import Path

from models.commands.training_options import training_arguments
from models.data.dataset import read_split
from models.predictor import pretrained_predictor
from monitoring.drift.references.reference import Reference
from monitoring.drift.references.reference_file import save_reference
from monitoring.drift.references.training import labelled_reference


def make_labelled_reference(folder: Path, *, output: Path) -> None:
    """Make the reference of the shipped model, of the labelled tweets that its training held out at first.

    Args:
        folder: of the labelled tweets, as `tickertape fetch-data` writes it.
        output: where the reference goes.

    Raises:
        DataError: the tweets are not there, or no such tweets.
        ModelError: there is no shipped model, or config/args.json is broken.
        DriftError: the file can't be written.
    """
    chosen = training_arguments(seed=None)
    split = read_split(folder.expanduser(), held_out_share=chosen.held_out_share, seed=chosen.seed)
    put_reference(labelled_reference(split, pretrained_predictor(1)), output)


def put_reference(reference: Reference, output: Path, *, note: str = "") -> None:
    """Write a reference, and say what it is.

    Raises:
        DriftError: it can't be written.
    """
    save_reference(reference, output.expanduser())
    sys.stdout.write(
        f"reference {reference.id} of {reference.model_name} {reference.model_version}: {reference.source}{note}\n"
        f"written to {output}; use it with DRIFT_REFERENCE={output}\n"
    )
