"""The settings of the Python client; a group like those of `config.settings`."""

from pydantic import SecretStr
from pydantic_settings import SettingsConfigDict

from config.group import SettingsGroup


class ClientSettings(SettingsGroup):
    """The Python client, `tickertape.client`; what is given to it in code comes first."""

    model_config = SettingsConfigDict(env_prefix="TICKERTAPE_")

    api_url: str = "http://127.0.0.1:8000"
    """URL of the API that the Python client asks, with its path prefix if a proxy adds one."""
    api_key: SecretStr = SecretStr("")
    """Key that the Python client sends; empty for none."""
