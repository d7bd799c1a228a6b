"""The live what-if: how long a step takes, and whether it is what a plan would say.

Run from the project folder: ``python benchmarks/bench_what_if.py``; numbers of
communities may follow. Steps are drawn at random (as the tests draw them) in a made-up
town; for each kind the CPU milliseconds of `WhatIf.do`, with scores, headline numbers
and changed communities read after each as the map does. At the end every cell is
compared with a plan of the district after all steps, made the plain way, whose CPU
time stands beside. Kernels were compiled before.
"""

import argparse
import os
import sys
import time
from pathlib import Path

import numpy as np

from geo.lifecircle import LifeCircle, measure_life_circle
from geo.network import build_network
from geo.rules import RuleBook, load_rules
from geo.sample import make_district
from geo.settings import Settings
from geo.town import make_town
from geo.what_if import WhatIf
from geo.what_if_steps import Step, apply_steps

ROOT = Path(__file__).resolve().parents[1]
sys.path.append(str(ROOT / "tests"))

from what_if_towns import COMPARED, disagree, draw_step  # noqa: E402 - found only now

SEED = 5
WARM, COUNTED = 20, 120


def main() -> None:
    """Measure each size and print one block."""
    parser = argparse.ArgumentParser()
    parser.add_argument("communities", nargs="*", type=int, default=[120, 1000])
    for communities in parser.parse_args().communities:
        print(
            f"-- {communities} communities, load {os.getloadavg()[0]:.1f}", flush=True
        )
        run(communities)


def measure(communities: int, rules: RuleBook) -> LifeCircle:
    """Plan a made-up town until the verdicts."""
    settings = Settings()
    district = make_district(make_town(SEED, communities=communities))
    network = build_network(district, rules, settings)
    return measure_life_circle(district, network, rules, settings)


def run(communities: int) -> None:
    """Do, time and undo steps, and compare."""
    rules = load_rules()
    circle = measure(communities, rules)
    began = time.process_time()
    what_if = WhatIf(circle)
    print(f"ready after {time.process_time() - began:.2f} CPU s")
    rng, categories = np.random.default_rng(SEED), list(rules.requirements)
    told: dict[str, list[tuple[float, float, int]]] = {}
    for number in range(WARM + COUNTED):
        step = draw_step(rng, circle.district, what_if.steps, categories)
        began = time.process_time()
        outcome = what_if.do(step)
        done = time.process_time()
        read(what_if)
        shown = time.process_time()
        if number >= WARM and outcome.done:
            row = (done - began, shown - done, len(outcome.changed))
            told.setdefault(name(step, afresh=outcome.afresh), []).append(row)
    for kind, rows in sorted(told.items()):
        print(f"{kind:26} {line(np.array(rows))}")
    compare(what_if)
    undo(what_if)


def name(step: Step, *, afresh: bool) -> str:
    """Return what kind of step it is."""
    words = [step.kind, step.open_to if step.kind == "open_gate" else ""]
    return " ".join(filter(None, [*words, "afresh" if afresh else ""]))


def read(what_if: WhatIf) -> None:
    """Read what the page shows after a step."""
    what_if.numbers()
    _ = what_if.scores, what_if.changed


def line(rows: np.ndarray) -> str:
    """Return the figures of one kind."""
    millis = 1000 * rows[:, 0]
    least, most = np.quantile(millis, [0.5, 0.9])
    return (
        f"n {len(rows):3}  median {least:6.1f} ms  90 % {most:6.1f} ms  "
        f"slowest {millis.max():6.1f} ms  counted up {1000 * np.median(rows[:, 1]):.1f}"
        f" ms  communities changed {np.median(rows[:, 2]):.0f}"
    )


def compare(what_if: WhatIf) -> None:
    """Compare with the plain way."""
    circle = what_if.circle
    began = time.process_time()
    district, _ = apply_steps(circle.district, what_if.steps)
    network = build_network(district, circle.rules, circle.settings)
    plain = measure_life_circle(district, network, circle.rules, circle.settings)
    seconds = time.process_time() - began
    wrong = disagree(what_if.gaps, plain.gaps)
    steps, cells = len(what_if.steps), len(plain.gaps) * len(COMPARED)
    print(f"plain way {seconds:.2f} CPU s; after {steps} steps {len(wrong)} of")
    print(f"{cells:,} cells differ: {wrong[:5]}")


def undo(what_if: WhatIf) -> None:
    """Undo everything."""
    times = []
    while True:
        began = time.process_time()
        if what_if.undo() is None:
            break
        times.append(1000 * (time.process_time() - began))
    print(f"undo: median {np.median(times):.2f} ms, slowest {max(times):.1f} ms")
    print(f"as before: {what_if.changed == ()}")


if __name__ == "__main__":
    main()
