"""Read an uploaded district inside a process of its own, with limits.

Started by :mod:`geo.intake` with drivers and proxy set in the environment. The
order comes on standard input; stages and a refusal go to standard output as JSON
lines; the district goes to a folder of GeoParquet files.
"""

import json
import sys
from pathlib import Path
from typing import Any, TextIO

from geo.district import read_district
from geo.errors import PianquError
from geo.parcel import pack_district
from geo.settings import make_settings


def main(orders: TextIO, told: TextIO) -> int:
    """Read one district as ordered.

    Parameters
    ----------
    orders
        One JSON object: `source`, `result`, `settings`, `seconds`, `memory_bytes`.
    told
        Where stages and a refusal go, one JSON object a line.

    Returns
    -------
    int
        0 if the district was read, 2 if it was refused.
    """
    order = json.load(orders)
    limit_resources(seconds=order["seconds"], memory_bytes=order["memory_bytes"])

    def tell(**line: Any) -> None:
        told.write(json.dumps(line, default=str) + "\n")
        told.flush()

    try:
        district = read_district(
            Path(order["source"]),
            settings=make_settings(order["settings"]),
            progress=lambda stage, share: tell(stage=stage, share=share),
        )
        pack_district(district, Path(order["result"]))
    except PianquError as error:
        tell(error=type(error).__name__, code=error.code, params=error.params)
        return 2
    except MemoryError:
        tell(error="InputError", code="upload_memory", params={})
        return 2
    return 0


def limit_resources(*, seconds: float, memory_bytes: int) -> None:
    """Bound what this process may use, where the system can.

    Parameters
    ----------
    seconds
        CPU time.
    memory_bytes
        Address space; also bounds any file it writes.
    """
    if sys.platform == "win32":
        return
    import resource  # noqa: PLC0415 (not on Windows)

    resource.setrlimit(resource.RLIMIT_CPU, (int(seconds) + 1, int(seconds) + 2))
    resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    resource.setrlimit(resource.RLIMIT_FSIZE, (memory_bytes, memory_bytes))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


if __name__ == "__main__":
    sys.exit(main(sys.stdin, sys.stdout))
