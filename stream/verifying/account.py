"""What became of each input of one partition: counted while outputs are read, judged at the end."""

from collections.abc import Sequence
from enum import IntEnum

import msgspec
import numpy as np
import numpy.typing as npt

EXAMPLES = 10  # offsets that a verdict names of each kind of fault

Offsets = npt.NDArray[np.int64]
Marks = npt.NDArray[np.bool_]


class Output(IntEnum):
    """Where an input can end."""

    CLASSIFIED = 0
    SENTIMENT = 1
    DEAD_LETTER = 2


class Fault(msgspec.Struct, frozen=True):
    """Inputs of which something is wrong.

    Attributes:
        count: how many; of `repeated` the outputs that are too many, of `misplaced` and `out_of_order` the outputs.
        first: the first offsets of such inputs, at most ten.
    """

    count: int
    first: list[int]


class Verdict(msgspec.Struct, frozen=True):
    """What became of the inputs of a partition's range.

    Attributes:
        partition: of the input topic.
        start: first offset of the range.
        end: offset after its last.
        inputs: records that the input topic holds there.
        classified: inputs with both answers.
        dead_letters: inputs that were refused.
        missing: inputs that are committed, and have not all their outputs.
        repeated: outputs beyond the first of their kind.
        out_of_order: outputs that came first after one of a later input.
        contradicted: inputs that are both answered and refused.
        misplaced: outputs in another partition than their input.
        without_input: offsets that outputs name, and that the input topic does not hold.
        pending: inputs that are neither committed nor answered.
    """

    partition: int
    start: int
    end: int
    inputs: int
    classified: int
    dead_letters: int
    missing: Fault
    repeated: Fault
    out_of_order: Fault
    contradicted: Fault
    misplaced: Fault
    without_input: Fault
    pending: Fault

    def is_right(self, *, repeats_allowed: bool) -> bool:
        """Tell whether each input ended exactly once; or at least once, with repeats that can be recognised."""
        faults = [self.missing, self.out_of_order, self.contradicted, self.misplaced, self.without_input, self.pending]
        return not any(fault.count for fault in faults) and (repeats_allowed or not self.repeated.count)


class Account:
    """Counts the outputs of each input of one partition's range.

    Holds four bytes an offset of the range, and nothing of the records.

    Args:
        partition: of the input topic.
        start: first offset.
        end: offset after the last.
    """

    def __init__(self, partition: int, *, start: int, end: int) -> None:
        self._partition, self._start, self._end = partition, start, end
        self._exists = np.zeros(end - start, dtype=np.bool_)
        self._outputs = np.zeros((len(Output), end - start), dtype=np.uint8)
        self._newest = [-1] * len(Output)
        self._repeats = 0
        self._faults: dict[str, tuple[int, list[int]]] = {}

    def exists(self, offsets: Sequence[int]) -> None:
        """Note records of the input topic."""
        self._exists[self._within(offsets)] = True

    def ends(self, output: Output, offsets: Sequence[int], *, partition: int) -> None:
        """Note outputs.

        Args:
            output: their kind.
            offsets: of their inputs, in the order in which the outputs stand in their partition.
            partition: in which they stand.
        """
        places = self._within(offsets)
        if not len(places):
            return
        counts = self._outputs[output]
        named, first_at, times = np.unique(places, return_index=True, return_counts=True)
        firsts = places[np.sort(first_at[counts[named] == 0])]
        self._repeats += len(places) - len(firsts)
        counts[named] = np.minimum(counts[named] + times, np.iinfo(np.uint8).max)
        if partition != self._partition:
            self._blame("misplaced", places)
            return
        if len(firsts):
            before = np.maximum.accumulate(np.concatenate([[self._newest[output]], firsts]))
            self._blame("out_of_order", firsts[firsts < before[:-1]])
            self._newest[output] = int(before[-1])

    def verdict(self, *, committed: int) -> Verdict:
        """Judge.

        Args:
            committed: offset up to which the workers' group says that all is done.
        """
        classified, sentiment, refused = self._outputs > 0
        answered, touched = classified & sentiment, classified | sentiment
        complete = answered | (refused & ~touched)
        is_committed = np.arange(self._start, self._end) < committed
        repeated: Marks = self._outputs.max(axis=0) > 1
        return Verdict(
            partition=self._partition,
            start=self._start,
            end=self._end,
            inputs=int(self._exists.sum()),
            classified=int((answered & ~refused & self._exists).sum()),
            dead_letters=int((refused & ~touched & self._exists).sum()),
            missing=self._fault(self._exists & ~complete & ~(touched & refused) & is_committed),
            repeated=Fault(self._repeats, self._first(repeated)),
            out_of_order=self._blamed("out_of_order"),
            contradicted=self._fault(touched & refused),
            misplaced=self._blamed("misplaced"),
            without_input=self._fault((touched | refused) & ~self._exists),
            pending=self._fault(self._exists & ~complete & ~(touched & refused) & ~is_committed),
        )

    def _within(self, offsets: Sequence[int]) -> Offsets:
        places = np.asarray(offsets, dtype=np.int64) - self._start
        found: Offsets = places[(places >= 0) & (places < self._end - self._start)]
        return found

    def _blame(self, kind: str, places: Offsets) -> None:
        if len(places):
            count, first = self._faults.get(kind, (0, []))
            first = [*first, *(places[:EXAMPLES] + self._start).tolist()][:EXAMPLES]
            self._faults[kind] = count + len(places), first

    def _blamed(self, kind: str) -> Fault:
        return Fault(*self._faults.get(kind, (0, [])))

    def _fault(self, marks: Marks) -> Fault:
        return Fault(int(marks.sum()), self._first(marks))

    def _first(self, marks: Marks) -> list[int]:
        found: list[int] = (np.flatnonzero(marks)[:EXAMPLES] + self._start).tolist()
        return found
