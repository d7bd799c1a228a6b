"""The only way in which a file from a stranger reaches GDAL.

Of 45 crafted files, GDAL with its defaults leaked a local secret through 17 and
called out through 6. So an upload goes to a private folder under names of our own,
its size, archive members and content are checked, and a child process reads it, in
which GDAL knows only the three drivers needed, has a dead proxy and limits on
memory, time and file size, and which hands back GeoParquet. A crash in native code
then costs one upload and not everyone's session.
"""

import json
import os
import re
import secrets
import shutil
import stat
import subprocess
import sys
import tempfile
import time
import tomllib
import zipfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath
from typing import IO, Any

import pyogrio

from geo import errors
from geo.district import District
from geo.errors import InputError, PianquError
from geo.evidence_files import BACKUP
from geo.parcel import unpack_district
from geo.progress import Progress, no_progress
from geo.settings import Settings
from geo.sniff import check_sidecar, clean_geojson, sniff

#: Drivers that the child keeps; CSV, Excel, Parquet and OSM are not read by GDAL.
KEPT_DRIVERS = ("GPKG", "GeoJSON", "ESRI Shapefile")


@dataclass(frozen=True, slots=True)
class Limits:
    """How much one upload may ask for (this tool's own choice)."""

    files: int = 500
    upload_bytes: int = 300_000_000
    unpacked_bytes: int = 1_000_000_000
    ratio: float = 200.0
    seconds: float = 180.0
    memory_bytes: int = 6_000_000_000


@dataclass(frozen=True, slots=True)
class Upload:
    """A district read from an upload, and the private folder that holds it."""

    district: District
    folder: Path


def open_upload(
    files: Sequence[tuple[str, bytes]],
    *,
    settings: Settings | None = None,
    limits: Limits | None = None,
    progress: Progress = no_progress,
) -> Upload:
    """Read an uploaded district: one zip of a folder, or its single files.

    Parameters
    ----------
    files
        Pairs of file name and content, as the browser sent them.
    settings
        Settings for reading.
    limits
        What the upload may ask for.
    progress
        Told the stages; raising :class:`geo.errors.CancelledError` ends the child.

    Returns
    -------
    Upload
        The district and its folder, to be given to :func:`discard_upload` later.

    Raises
    ------
    InputError
        If a file is refused (its name, what is wrong, what to do), or the district
        cannot be used; nothing is kept then.
    CancelledError
        If `progress` stopped the work.
    """
    limits = limits or Limits()
    folder = Path(tempfile.mkdtemp(prefix="pianqu-"))
    try:
        progress("stage.upload_check", 0.0)
        district_folder = store_upload(files, folder, limits=limits)
        result = folder / "result"
        _read_in_child(
            district_folder, result, settings or Settings(), limits, progress
        )
        return Upload(unpack_district(result), district_folder)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def discard_upload(upload: Upload) -> None:
    """Delete the private folder of an upload.

    Parameters
    ----------
    upload
        What :func:`open_upload` gave.
    """
    shutil.rmtree(upload.folder.parent, ignore_errors=True)


def store_upload(
    files: Sequence[tuple[str, bytes]], folder: Path, *, limits: Limits
) -> Path:
    """Check uploaded files and store them under names of our own.

    Parameters
    ----------
    files
        Pairs of file name and content.
    folder
        A private folder.
    limits
        What the upload may ask for.

    Returns
    -------
    pathlib.Path
        The district folder, or the one OSM extract, for ``read_district``.

    Raises
    ------
    InputError
        For each kind of file that is refused.
    """
    if not files:
        raise InputError("upload_none")
    if sum(len(content) for _, content in files) > limits.upload_bytes:
        raise InputError("upload_too_large", most=_megabytes(limits.upload_bytes))
    store = folder / "district"
    store.mkdir()
    intake = _Intake(store, limits)
    for name, content in files:
        path = folder / secrets.token_hex(8)
        path.write_bytes(content)
        intake.take(path, PurePosixPath(name.replace("\\", "/")), depth=0)
    kept = [path for path in store.rglob("*") if path.is_file()]
    extracts = [path for path in kept if path.name.endswith((".osm.pbf", ".osm"))]
    return extracts[0] if len(kept) == 1 and extracts else store


class _Intake:
    """Takes the files of one upload, counting what they unpack to."""

    def __init__(self, store: Path, limits: Limits) -> None:
        self.store = store
        self.limits = limits
        self.files = 0
        self.bytes = 0

    def take(self, path: Path, name: PurePosixPath, *, depth: int) -> None:
        """Check one file; unpack it if it is an archive, else store it."""
        self.files += 1
        self.bytes += path.stat().st_size
        if self.files > self.limits.files:
            raise InputError("upload_too_many", name=name.name, most=self.limits.files)
        kind = sniff(path, name.name)
        if kind == ".zip":
            if depth > 1:
                raise InputError("upload_nested", name=name.name)
            self._unpack(path, name, depth)
            path.unlink()
            return
        if kind == ".geojson":
            clean_geojson(path, name.name)
        elif kind == ".toml":
            _check_toml(path, name.name)
        elif kind in {".prj", ".cpg"}:
            check_sidecar(path, name.name)
        elif kind == ".xlsx":
            self._check_members(path, name.name)
        path.rename(self._place(name, kind))

    def _place(self, name: PurePosixPath, kind: str) -> Path:
        folder = self.store
        if name.parent.name == "rules":
            folder = self.store / "rules"
            folder.mkdir(exist_ok=True)
        stem = name.stem.removesuffix(".osm")
        clean = re.sub(r"[^\w-]+", "_", stem)[:80] or secrets.token_hex(4)
        place = folder / f"{clean}{kind}"
        if place.exists():
            raise InputError("upload_same_name", name=place.name)
        return place

    def _unpack(self, path: Path, name: PurePosixPath, depth: int) -> None:
        self._check_members(path, name.name)
        with zipfile.ZipFile(path) as archive:
            for member in archive.infolist():
                inner = PurePosixPath(member.filename.replace("\\", "/"))
                if member.is_dir() or _is_clutter(inner):
                    continue
                target = path.parent / secrets.token_hex(8)
                with archive.open(member) as source, target.open("wb") as sink:
                    self._copy(source, sink, member, name.name)
                self.take(target, inner, depth=depth + 1)

    def _copy(
        self, source: IO[bytes], sink: IO[bytes], member: zipfile.ZipInfo, name: str
    ) -> None:
        # the header's size may lie: count what really comes out
        left = min(member.file_size, self.limits.unpacked_bytes - self.bytes)
        while chunk := source.read(1 << 20):
            left -= len(chunk)
            if left < 0:
                raise InputError("upload_bomb", name=name)
            sink.write(chunk)

    def _check_members(self, path: Path, name: str) -> None:
        try:
            with zipfile.ZipFile(path) as archive:
                members = archive.infolist()
        except (zipfile.BadZipFile, OSError) as error:
            raise InputError("upload_archive", name=name) from error
        if len(members) > self.limits.files:
            raise InputError("upload_too_many", name=name, most=self.limits.files)
        size = sum(member.file_size for member in members)
        packed = max(sum(member.compress_size for member in members), 1)
        if (
            self.bytes + size > self.limits.unpacked_bytes
            or size / packed > self.limits.ratio
        ):
            raise InputError("upload_bomb", name=name)
        for member in members:
            _check_member(member, name)


def _check_member(member: zipfile.ZipInfo, name: str) -> None:
    inner = PurePosixPath(member.filename.replace("\\", "/"))
    link = stat.S_ISLNK(member.external_attr >> 16)
    outside = inner.is_absolute() or ".." in inner.parts or ":" in member.filename
    if link or outside:
        raise InputError("upload_path", name=name, member=member.filename)
    if member.flag_bits & 1:
        raise InputError("upload_encrypted", name=name, member=member.filename)


def _is_clutter(name: PurePosixPath) -> bool:
    """Tell whether a member is what systems add by themselves, or a copy set aside."""
    if name.suffix.lower() == BACKUP:
        return True
    return name.parts[0] == "__MACOSX" or name.name.startswith((".", "Thumbs.db"))


def _check_toml(path: Path, name: str) -> None:
    """Refuse a ``district.toml`` that names files outside the upload."""
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise InputError("upload_toml", name=name, reason=str(error)) from error
    layers = content.get("layers", {})
    named = layers.values() if isinstance(layers, dict) else [layers]
    for value in named:
        if not isinstance(value, str) or re.search(r"[/\\:]|^\.", value):
            raise InputError("upload_path", name=name, member=str(value))


def _child_environment() -> dict[str, str]:
    drivers = [name for name in pyogrio.list_drivers() if name not in KEPT_DRIVERS]
    kept = (
        "PATH",
        "LANG",
        "LC_ALL",
        "SYSTEMROOT",
        "TEMP",
        "TMP",
        "COVERAGE_PROCESS_START",
    )
    environment = {name: os.environ[name] for name in kept if name in os.environ}
    return environment | {
        "OGR_SKIP": ",".join(drivers),
        "GDAL_SKIP": ",".join(drivers),
        "GDAL_HTTP_PROXY": "http://127.0.0.1:9",
        "GDAL_HTTP_TIMEOUT": "1",
        "CPL_CURL_ENABLE_VSIMEM": "NO",
        "PROJ_NETWORK": "OFF",
        "PYTHONPATH": str(Path(__file__).resolve().parents[1]),
        "PYTHONUTF8": "1",
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
    }


def _read_in_child(
    source: Path, result: Path, settings: Settings, limits: Limits, progress: Progress
) -> None:
    order = {
        "source": str(source),
        "result": str(result),
        "settings": asdict(settings),
        "seconds": limits.seconds,
        "memory_bytes": limits.memory_bytes,
    }
    with (
        tempfile.TemporaryFile("w+", dir=result.parent, encoding="utf-8") as told,
        subprocess.Popen(
            [sys.executable, "-m", "geo.intake_child"],
            stdin=subprocess.PIPE,
            stdout=told,
            stderr=subprocess.DEVNULL,
            env=_child_environment(),
            cwd=result.parent,
            text=True,
        ) as child,
    ):
        try:
            child.communicate(json.dumps(order), timeout=0.05)
        except subprocess.TimeoutExpired:
            _watch(child, told, limits, progress)
        finally:
            child.kill()
        _raise_what_it_told(_lines(told), child.wait())


def _watch(
    child: "subprocess.Popen[str]", told: IO[str], limits: Limits, progress: Progress
) -> None:
    started = time.monotonic()
    while child.poll() is None:
        stages = [line for line in _lines(told) if "stage" in line]
        if stages:
            progress(stages[-1]["stage"], stages[-1]["share"])
        else:
            progress("stage.upload_check", 0.0)
        if time.monotonic() - started > limits.seconds:
            raise InputError("upload_too_slow", seconds=round(limits.seconds))
        time.sleep(0.1)


def _lines(told: IO[str]) -> list[dict[str, Any]]:
    told.seek(0)
    lines = told.read().splitlines(keepends=True)
    return [json.loads(line) for line in lines if line.endswith("\n")]


def _raise_what_it_told(lines: list[dict[str, Any]], code: int) -> None:
    for line in lines:
        if "error" in line:
            kind: type[PianquError] = getattr(errors, line["error"])
            raise kind(line["code"], **line["params"])
    if code != 0:
        raise InputError("upload_crashed")


def _megabytes(size: int) -> int:
    return size // 1_000_000
