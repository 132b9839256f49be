"""Where a service's process begins."""

import gc
from pkgutil import resolve_name


def start(build: str, settings: str) -> int:
    """Run the service that these name, as `package.module:object`; returns its exit code.

    What is imported is there to stay. To look for garbage among it takes an eighth of the time of
    importing, so that is done only once all is there.
    """
    gc.disable()
    from shared.running.service import main  # noqa: PLC0415  # see above

    made, kind = resolve_name(build), resolve_name(settings)
    gc.enable()
    return main(made, kind)
