"""Router: GET /version."""

from functools import cache
from importlib.metadata import version

import msgspec
from fastapi import APIRouter

from api.dependencies import ProcessStateDep
from api.openapi.schemas import ModelVersion
from api.protocols.schemas import Version

API_VERSION = "1"

router = APIRouter(tags=["health"])


@cache  # it reads the package's files
def package_version() -> str:
    """Give the version of the installed package."""
    return version("tickertape")


@router.get("/version", summary="The versions of package, API and model")
async def get_version(state: ProcessStateDep) -> Version:
    """Tell which versions run; without a model while it is being loaded."""
    model = state.status.model()
    return Version(
        package=package_version(),
        api=API_VERSION,
        model=None if model is None else ModelVersion(**msgspec.structs.asdict(model)),
    )
