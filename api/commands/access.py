"""Keys, rates and reach of the server, as settings say."""

import logging
import sys
from typing import TYPE_CHECKING

from config.access import AccessSettings
from models.errors import ApiError

if TYPE_CHECKING:
    from api.access.accounts import Accounts
    from api.access.wiring import Access

logger = logging.getLogger(__name__)


def open_access(settings: AccessSettings, *, processes: int) -> "Access":
    """Give an application what keeps strangers out; keys are read when it starts.

    Args:
        settings: what is wrong in their keys is logged and ignored, see `check_access`.
        processes: that share the port; each lets in its share of the rates.
    """
    from api.access.key_source import KeySource  # noqa: PLC0415  # see `api.commands.serve.run`
    from api.access.wiring import Access  # noqa: PLC0415  # as above

    keys = KeySource(settings.keys.get_secret_value(), settings.keys_file) if settings.asks_for_keys else None
    return Access(keys=keys, accounts=_accounts(settings, processes), origins=settings.origins, hosts=settings.hosts)


def check_access(settings: AccessSettings, host: str, *, is_loopback: bool) -> None:
    """Check before the first request that whoever can reach the server is meant to.

    Args:
        settings: have keys or not.
        host: where it listens.
        is_loopback: whether only this machine reaches it there.

    Raises:
        ApiError: a key's entry is wrong; or others could reach it without a key, and nobody has said that they may.
    """
    from api.access.key_source import check_keys, is_readable_by_all  # noqa: PLC0415  # as above

    if settings.asks_for_keys:
        if check_keys(settings.keys.get_secret_value(), settings.keys_file) == 0:
            logger.warning("no_key_is_known")
        if settings.keys_file is not None and is_readable_by_all(settings.keys_file):
            logger.warning("keys_file_readable_by_all", extra={"file": str(settings.keys_file)})
    elif not is_loopback and not settings.open:
        raise ApiError(
            f"other machines could reach {host}, and nobody would be asked for a key: make one with `tickertape keys new "
            "NAME --roles read,predict,feedback` and name its file in API_KEYS_FILE; or say API_OPEN=true where "
            "something else keeps strangers away"
        )
    elif not is_loopback:
        sys.stderr.write(f"warning: other machines can reach {host}, and nobody is asked for a key (API_OPEN)\n")


def _accounts(settings: AccessSettings, processes: int) -> "Accounts | None":
    from api.access.accounts import Accounts, Rate, Unit  # noqa: PLC0415  # as above

    rates = tuple(
        Rate(
            unit=unit,
            per_second=per_second / processes,
            burst=max(1.0, per_second / processes * settings.rate_burst_seconds),
            setting=f"API_RATE_{unit.upper()}_PER_SECOND",
        )
        for unit, per_second in (
            (Unit.REQUESTS, settings.rate_requests_per_second),
            (Unit.TEXTS, settings.rate_texts_per_second),
        )
        if per_second
    )
    return Accounts(rates) if rates else None
