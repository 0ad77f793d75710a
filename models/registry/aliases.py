"""Which version an alias points at, how it moves, and how it goes back."""

from mlflow import MlflowClient
from mlflow.exceptions import MlflowException

from models.errors import ModelNotFoundError
from models.registry.store import Store, reaching

_NO_SUCH_MODEL = "RESOURCE_DOES_NOT_EXIST"
_LONGEST_HISTORY = 100  # versions that an alias can go back


def alias_version(store: Store, alias: str) -> str | None:
    """Give the version that an alias points at; None when there is no such model or alias.

    Raises:
        ModelNotFoundError: the store can't be reached.
    """
    with reaching(store.tracking_uri):
        return (aliases_of(store.client, store.model_name) or {}).get(alias)


def versions_of(store: Store) -> list[str]:
    """Give the numbers of all versions, the oldest first; none where there is no such model.

    Raises:
        ModelNotFoundError: the store can't be reached.
    """
    with reaching(store.tracking_uri):
        found = store.client.search_model_versions(f"name='{_quoted(store.model_name)}'")
    return sorted((str(version.version) for version in found), key=int)


def find_version(store: Store, wanted: str) -> str:
    """Give the number of the version that is named by its number or by an alias.

    Raises:
        ModelNotFoundError: there is none, or the store can't be reached.
    """
    with reaching(store.tracking_uri):
        aliases = aliases_of(store.client, store.model_name)
    numbers = versions_of(store)
    if wanted in (aliases or {}):
        wanted = str((aliases or {})[wanted])
    if wanted in numbers:
        return wanted
    there = f"there are versions {', '.join(numbers)}" if numbers else "there is no version"
    named = f" and the aliases {', '.join(sorted(aliases))}" if aliases else ""
    raise ModelNotFoundError(f"{store} has no version or alias {wanted!r}: {there}{named}")


def point_alias(store: Store, alias: str, *, version: str) -> None:
    """Point an alias at a version; the one that it leaves is remembered, so that the alias can go back.

    Raises:
        ModelNotFoundError: the store can't be reached.
    """
    with reaching(store.tracking_uri):
        current = (aliases_of(store.client, store.model_name) or {}).get(alias)
        if current == version:
            return
        if current is not None:  # first: a version that is remembered twice does no harm, one that is lost does
            _remember(store, alias, [*_history(store, alias), current])
        store.client.set_registered_model_alias(store.model_name, alias, version)


def previous_version(store: Store, alias: str) -> str:
    """Give the version that an alias pointed at before.

    Raises:
        ModelNotFoundError: there is none, or the store can't be reached.
    """
    with reaching(store.tracking_uri):
        current = (aliases_of(store.client, store.model_name) or {}).get(alias)
        earlier = [version for version in _history(store, alias) if version != current] if current else []
    if not earlier:
        raise ModelNotFoundError(
            f"the alias {alias} of {store} has no earlier version to go back to; promote another version"
        )
    return earlier[-1]


def roll_alias_back(store: Store, alias: str) -> str:
    """Point an alias at the version before, forget the one it leaves, and give where it points now.

    Raises:
        ModelNotFoundError: there is no version before, or the store can't be reached.
    """
    version = previous_version(store, alias)
    with reaching(store.tracking_uri):
        history = _history(store, alias)
        store.client.set_registered_model_alias(store.model_name, alias, version)
        _remember(store, alias, history[: len(history) - 1 - history[::-1].index(version)])
    return version


def aliases_of(client: MlflowClient, model_name: str) -> dict[str, str] | None:
    """Give alias -> version of a registered model; None when there is no such model."""
    try:
        found = client.get_registered_model(model_name)
    except MlflowException as exc:
        if exc.error_code == _NO_SUCH_MODEL:
            return None
        raise
    return {alias: str(version) for alias, version in found.aliases.items()}


def _history(store: Store, alias: str) -> list[str]:
    tags: dict[str, str] = store.client.get_registered_model(store.model_name).tags
    return tags.get(_history_tag(alias), "").split()


def _remember(store: Store, alias: str, versions: list[str]) -> None:
    tag = " ".join(versions[-_LONGEST_HISTORY:])
    store.client.set_registered_model_tag(store.model_name, _history_tag(alias), tag)


def _history_tag(alias: str) -> str:
    return f"{alias}_before"


def _quoted(name: str) -> str:
    return name.replace("'", "\\'")
