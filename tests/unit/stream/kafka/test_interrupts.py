import os
import signal
import threading

import pytest

from stream.kafka.interrupts import Interrupts


def interrupted(done: list[str], *numbers: signal.Signals) -> None:
    """Hold interrupts back, and send this process some; adds what comes after each."""
    with Interrupts() as interrupts, interrupts.held():
        for number in numbers:
            os.kill(os.getpid(), number)
            done.append(f"after {number.name}")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_waits_until_what_is_held_has_ended(number: signal.Signals) -> None:
    done: list[str] = []

    with pytest.raises(KeyboardInterrupt):
        interrupted(done, number)

    assert done == [f"after {number.name}"]


def test_a_second_interrupt_does_not_wait() -> None:
    done: list[str] = []

    with pytest.raises(KeyboardInterrupt):
        interrupted(done, signal.SIGINT, signal.SIGTERM)

    assert done == ["after SIGINT"]


def test_an_interrupt_outside_of_what_is_held_comes_at_once() -> None:
    with Interrupts() as interrupts:
        with interrupts.held():
            pass
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGTERM)


def test_handlers_are_those_of_before_when_it_is_left() -> None:
    before = signal.getsignal(signal.SIGTERM)

    with Interrupts():
        assert signal.getsignal(signal.SIGTERM) != before

    assert signal.getsignal(signal.SIGTERM) == before


def test_a_failure_inside_is_told_rather_than_the_interrupt() -> None:
    def fail() -> None:
        with Interrupts() as interrupts, interrupts.held():
            os.kill(os.getpid(), signal.SIGINT)
            raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        fail()


def test_another_thread_runs_without_handlers() -> None:
    handlers: list[object] = []

    def run() -> None:
        with Interrupts() as interrupts, interrupts.held():
            handlers.append(signal.getsignal(signal.SIGTERM))

    before = signal.getsignal(signal.SIGTERM)
    thread = threading.Thread(target=run)
    thread.start()
    thread.join()

    assert handlers == [before]
