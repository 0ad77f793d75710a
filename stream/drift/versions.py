"""Which model version is followed, as the tweets come."""

from models.records import ModelVersion

SETTLING_SECONDS = 30.0  # workers look at the registry every few seconds: until then they answer with either version


class FollowedVersion:
    """The version whose tweets are compared.

    A tweet of another version changes it at once. For `SETTLING_SECONDS` after that, tweets of the version before are left
    out: some workers still answer with it. Later ones change it back.
    """

    def __init__(self) -> None:
        self._version: tuple[str, str] | None = None
        self._before: tuple[str, str] | None = None
        self._changed_at = 0.0

    def takes(self, model: ModelVersion) -> bool:
        """Tell whether a tweet is of the version that is followed."""
        return _version(model) == self._version

    def leaves_out(self, model: ModelVersion, at: float) -> bool:
        """Tell whether a tweet is of the version before, soon after the change.

        Args:
            model: who answered.
            at: when it was classified, in seconds since 1970.
        """
        return _version(model) == self._before and at - self._changed_at < SETTLING_SECONDS

    def change_to(self, model: ModelVersion, at: float) -> None:
        """Follow another version from a tweet on that was classified at this time."""
        self._before, self._version, self._changed_at = self._version, _version(model), at


def _version(model: ModelVersion) -> tuple[str, str]:
    return model.name, model.version
