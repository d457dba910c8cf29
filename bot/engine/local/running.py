"""Settings -> the child processes that run for them."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from bot.config import Settings
from bot.engine.local.models import LOCAL_HINT, LocalModel, LocalPart
from bot.engine.local.process import LocalProcess
from bot.engine.roles import ModelRole, RoleName, roles_of
from bot.errors import ConfigError

_PARTS_BY_ROLE = {RoleName.TRANSCRIBE: LocalPart.RECOGNISER, RoleName.SPEECH: LocalPart.VOICE}


def local_models(settings: Settings, roles: Mapping[RoleName, ModelRole]) -> dict[RoleName, LocalModel]:
    """Return the models that run on this machine, and where they are."""
    folder = settings.local_models_dir
    return {
        name: LocalModel(_PARTS_BY_ROLE[name], role.model, folder / role.model)
        for name, role in roles.items()
        if role.local
    }


def check_local_models(settings: Settings) -> None:
    """Raise ConfigError when one cannot run."""
    models = local_models(settings, roles_of(settings)).values()
    if faults := [fault for model in models for fault in model.faults()]:
        raise ConfigError(faults, hint=LOCAL_HINT)


@asynccontextmanager
async def local_processes(
    settings: Settings, roles: Mapping[RoleName, ModelRole]
) -> AsyncIterator[Mapping[RoleName, LocalProcess]]:
    """Keep a child process running for each local model. Raises ConfigError when a model cannot run."""
    check_local_models(settings)
    processes = {name: LocalProcess(model) for name, model in local_models(settings, roles).items()}
    running = [asyncio.create_task(process.run(), name="local_process") for process in processes.values()]
    try:
        yield processes
    finally:
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
