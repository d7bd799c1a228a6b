"""Run the benchmarks: ``python benchmarks/run.py [reach plan load app ...]``.

Without names all of them run, one after the other. Words after ``--`` are handed
on to each (``python benchmarks/run.py plan -- 1000 --runs 1``).
"""

import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
ORDER = (
    "reach",
    "plan",
    "units",
    "unit_peers",
    "siting",
    "schedule",
    "what_if",
    "load",
    "app",
)


def main() -> int:
    """Run the benchmarks that are named; return how many failed."""
    words = sys.argv[1:]
    cut = words.index("--") if "--" in words else len(words)
    names, further = words[:cut], words[cut + 1 :]
    known = [name for name in ORDER if (HERE / f"bench_{name}.py").is_file()]
    unknown = sorted(set(names) - set(known))
    if unknown:
        sys.exit(f"no benchmark {', '.join(unknown)}; there are {', '.join(known)}")
    failed = []
    for name in names or known:
        print(f"== {name}", flush=True)
        began = time.perf_counter()
        command = [sys.executable, str(HERE / f"bench_{name}.py"), *further]
        if subprocess.run(command, cwd=HERE.parent, check=False).returncode:
            failed.append(name)
        print(f"== {name}: {time.perf_counter() - began:.0f} s", flush=True)
    if failed:
        print(f"failed: {', '.join(failed)}", flush=True)
    return len(failed)


if __name__ == "__main__":
    sys.exit(main())
