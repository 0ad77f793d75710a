"""The settings of the drift process; a group like those of `config.settings`."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, SecretStr
from pydantic_settings import SettingsConfigDict

from config.group import SettingsGroup, UserPath


class DriftSettings(SettingsGroup):
    """The drift process."""

    model_config = SettingsConfigDict(env_prefix="DRIFT_")

    window_tweets: Annotated[int, Field(ge=200, le=100_000)] = 500
    """Tweets of a window."""
    window_seconds: Annotated[float, Field(ge=1, le=2_592_000)] = 3600.0
    """A window that is not full ends when its tweets span this time, if it has 200 tweets by then."""
    long_windows: Annotated[int, Field(ge=1, le=1000)] = 10
    """Windows that are also compared together, to find what moves slowly."""
    tweets_per_second: Annotated[float, Field(ge=1, le=1_000_000)] = 500.0
    """Most tweets that the drift process reads in a second, so that it leaves the machine to the workers."""
    max_lag_tweets: Annotated[int, Field(ge=1000, le=100_000_000)] = 20_000
    """Where more tweets wait after a window, the oldest of them are skipped, and counted."""
    reference: str = ""
    """File of the reference; empty means the one of the model that answered."""
    reports_dir: UserPath = Path("reports")
    """Folder of the reports."""
    kept_reports: Annotated[int, Field(ge=1, le=10_000)] = 100
    """Reports that are kept; the newest ones."""
    text_every_windows: Annotated[int, Field(ge=0, le=1_000_000)] = 20
    """Every so many windows a classifier tries to tell the texts from those of the last time; 0 for never."""
    malformed_share: Annotated[float, Field(gt=0, le=1)] = 0.01
    """Share of records that workers may refuse before it is told."""
    metrics_port: Annotated[int, Field(ge=0, le=65535)] = 0
    """Port on which the drift process shows its metrics to Prometheus, on all addresses; 0 for none."""
    webhook_url: SecretStr = SecretStr("")
    """Where alarms that open and close are posted; empty for nowhere. A secret: it is in no log line or error."""
    webhook_format: Literal["slack", "generic"] = "slack"
    """What an alert's body looks like: a message for Slack, or JSON for programs."""
    quiet_seconds: Annotated[float, Field(ge=0, le=604_800)] = 3600.0
    """For this long after an alarm was told it is not told to open again; and a flood of alarms is told together."""
