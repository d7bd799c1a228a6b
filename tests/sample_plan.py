"""The sample district, read, measured and planned once per test process.

Nothing may change what these return; whoever wants another sample copies the frames.
"""

from functools import cache

from geo.district import District, read_district
from geo.lifecircle import LifeCircle
from geo.plan import Plan, Step, plan_district
from geo.rules import RuleBook, load_rules
from geo.settings import Settings
from geo.text import data_dir

FOLDER = data_dir() / "sample"


@cache
def read_rules(profile: str = "national") -> RuleBook:
    """Read the rules of a profile, with what the sample changes of them."""
    return load_rules(profile, FOLDER)


@cache
def read_sample(profile: str = "national") -> District:
    """Read the sample as any district folder."""
    return read_district(FOLDER, rules=read_rules(profile))


@cache
def plan_sample(profile: str = "national", until: Step = "gaps") -> Plan:
    """Plan the sample by the documents of a profile, with the settings by default."""
    settings = Settings(profile=profile)
    district = read_sample(profile)
    return plan_district(district, read_rules(profile), settings, until=until)


def measure_sample(profile: str = "national") -> LifeCircle:
    """Measure the sample's life circles."""
    return plan_sample(profile).life_circle
