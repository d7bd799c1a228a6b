"""Where edited evidence and pins are kept: in the district folder, or taken away."""

import io
import tempfile
import zipfile
from dataclasses import replace
from pathlib import Path

from geo.decisions import FOLDER, Decisions, dump_decisions
from geo.errors import PianquError
from geo.evidence import Evidence
from geo.evidence_files import write_evidence
from geo.plan import Plan
from geo.unit_drafts import draft_decisions
from geo.views import review_work, schemes, unit_work, work
from geo.views.widgets import say


def can_save() -> bool:
    """Return whether the district is a folder that can be written into.

    Returns
    -------
    bool
        Whether; otherwise the files are to be taken away with `pack`.
    """
    return schemes.folder() is not None


def save(plan: Plan) -> None:
    """Write evidence and pins into the district folder.

    Parameters
    ----------
    plan
        The plan that is open; of a district folder, see `can_save`.
    """
    now = review_work.desk(plan)
    place = schemes.folder()
    if place is None:
        return
    try:
        count = len(write_evidence(now.evidence, place, headers=plan.rules.headers))
        count += len(_save_decisions(plan))
    except PianquError as error:
        now.trouble, now.failed = error, None
        return
    now.saved = now.ask.kept
    # whoever opens the folder from now on is to read what was written
    work.shelf().drop(("folder", str(place)))
    now.note = ("view.review.note.saved", {"count": f"{count:,}"})


def pack(evidence: Evidence, decisions: Decisions | None) -> bytes:
    """Return evidence and pins as a zip to take away.

    Parameters
    ----------
    evidence
        The tables as edited.
    decisions
        Scheme with the pins; None: there are none.

    Returns
    -------
    bytes
        The files of a district folder.
    """
    made = io.BytesIO()
    with tempfile.TemporaryDirectory(prefix="pianqu-") as name:
        folder = Path(name)
        write_evidence(evidence, folder)
        with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
            for path in sorted(folder.iterdir()):
                archive.write(path, path.name)
            if decisions is not None:
                content = dump_decisions(decisions)
                archive.writestr(f"{FOLDER}/{decisions.name}.json", content)
    return made.getvalue()


def find_decisions(plan: Plan) -> Decisions | None:
    """Return the scheme that holds pins and units as they stand.

    Parameters
    ----------
    plan
        The plan that is open.

    Returns
    -------
    Decisions or None
        None where nothing is pinned or barred.
    """
    now = review_work.desk(plan)
    if not (now.pinned or now.barred):
        return None
    units = unit_work.desk(plan)
    name = say("view.review.scheme")
    if units.history is None:
        made = Decisions(name=name)
    else:
        made = draft_decisions(units.history.now, units.settings, whole=True)
    return replace(made, name=name, pinned=now.pinned, barred=now.barred)


def _save_decisions(plan: Plan) -> list[str]:
    name = say("view.review.scheme")
    made = find_decisions(plan)
    before = schemes.kept(plan).get(name)
    if made is None and before is not None:
        made = replace(before, pinned=(), barred=())
    return [] if made is None else [schemes.keep(plan, made)]
