"""What all groups of settings have in common: their base class, their error, and types of their fields."""

from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

Port = Annotated[int, Field(ge=1, le=65535)]
TopicName = Annotated[str, Field(pattern=r"^[a-zA-Z0-9._-]{1,200}$")]
# Read as it is typed, so that `TICKERTAPE_DATA_DIR=~/tweets` means what a shell user expects.
UserPath = Annotated[Path, AfterValidator(Path.expanduser)]

_SHOWN_CHARACTERS = 100  # of a value that is refused


class InvalidSettingsError(ValueError):
    """Settings are not allowed; one line for each problem, which names the variable of the environment."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class SettingsGroup(BaseSettings):
    """A group of settings, read from variables of the environment that begin alike.

    Raises:
        InvalidSettingsError: a value is not allowed, or two don't go together.
    """

    model_config = SettingsConfigDict(frozen=True)

    def __init__(self, **values: Any) -> None:  # noqa: ANN401  # passed on to pydantic
        try:
            super().__init__(**values)
        except ValidationError as exc:
            raise InvalidSettingsError([self._told(problem) for problem in exc.errors()]) from None

    @classmethod
    def _told(cls, problem: Any) -> str:  # noqa: ANN401  # pydantic's details of an error
        """Say which variable is wrong, what it holds and why; a validator of our own says itself what may be shown."""
        message: str = problem["msg"].removeprefix("Value error, ")
        if not problem["loc"]:
            return message
        is_shown = problem["type"] != "value_error" and not cls.model_config.get("hide_input_in_errors")
        value = f"={str(problem['input'])[:_SHOWN_CHARACTERS]}" if is_shown else ""
        return f"{cls._variable(str(problem['loc'][0]))}{value}: {message}"

    @classmethod
    def _variable(cls, name: str) -> str:
        """Name the variable of a field; pydantic names a field with an alias by that."""
        prefix = cls.model_config.get("env_prefix", "") if name in cls.model_fields else ""
        return f"{prefix}{name}".upper()
