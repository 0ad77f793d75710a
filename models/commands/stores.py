"""The model registry as the environment names it, for all commands that load a model."""

from dataclasses import replace

from config.settings import ModelSettings, ProjectSettings, RegistrySettings
from models.abstention import Abstention
from models.careful.predictor import Care, Count
from models.loading import RegistryStore


def registry_store(*, top_k: int) -> RegistryStore:
    """Give the registry, for the fast model alone and an answer to each text."""
    registry = RegistrySettings()
    return RegistryStore(registry.uri(ProjectSettings().home), registry.model_name, registry.model_alias, top_k)


def serving_store(*, top_k: int, count: Count) -> RegistryStore:
    """Give the registry for a process that serves: with abstention and care as they are set.

    Args:
        top_k: labels with their probability in each prediction, 1 to 20.
        count: see `models.careful.predictor.Care`.
    """
    model = ModelSettings()
    care = None
    if model.quality == "careful":
        care = Care(
            share=model.careful_share,
            tweets_per_second=model.careful_tweets_per_second,
            wait_seconds=model.careful_wait_ms / 1000,
            count=count,
        )
    abstention = Abstention(below=model.abstain_below, target_error_rate=model.target_error_rate)
    mapped_in = ProjectSettings().home / "weights"
    return replace(registry_store(top_k=top_k), abstention=abstention, care=care, mapped_in=mapped_in)
