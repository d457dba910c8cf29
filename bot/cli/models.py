"""`models`: fetches the models that run on this machine."""

from pathlib import Path

from bot import config
from bot.addresses import LOCAL

MODEL_SETTINGS = (
    *("engine", "language", "transcribe_base_url", "transcribe_model", "speech_base_url", "speech_model"),
    *("local_models_dir", "local_models_url", "ssl_cert_file"),
)
"""What says which models run on this machine."""
LOCAL_PARTS = {"engine": "cascade", "transcribe_base_url": LOCAL, "speech_base_url": LOCAL}
"""Where the settings name none: those that `demo --local` asks for."""


async def models() -> None:
    """Fetch the models that hear and speak on this machine (=local, or demo --local) into LOCAL_MODELS_DIR."""
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

    from bot.engine.local.fetching import fetch
    from bot.engine.local.running import local_models
    from bot.engine.roles import roles_of
    from bot.ops.tls import tls_context

    settings = config.load(Path(".env"), needs=MODEL_SETTINGS)
    console = Console(soft_wrap=True, highlight=False)
    here = local_models(settings, roles_of(settings)).values()
    if not here:  # those of `demo --local`
        settings = config.load(Path(".env"), LOCAL_PARTS, needs=MODEL_SETTINGS)
        here = local_models(settings, roles_of(settings)).values()
    for model in here:
        if model.complete:
            there = "part of its library" if model.comes_along else f"there in {model.folder}"
            console.print(f"{model.name}: {there}")
            continue
        columns = TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn()
        with Progress(*columns, TimeRemainingColumn(), console=console) as bar:
            task = bar.add_task(model.name, total=None)
            await fetch(
                model,
                lambda done, total, bar=bar, task=task: bar.update(task, completed=done, total=total),
                settings.local_models_url,
                tls_context(settings.ssl_cert_file),
            )
        console.print(f"{model.name}: fetched into {model.folder}, every checksum right")
