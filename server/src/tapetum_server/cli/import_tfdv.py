"""`tapetum import tfdv`: statistics that TFDV wrote, kept as those of data sets."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tapetum_server.analysis.words import counted
from tapetum_server.cli.asking import DEFAULT_URL, Url, fail, say
from tapetum_server.cli.statistics_keeping import IntoProject, SendKey, keep_statistics
from tapetum_server.signals.feature_statistics import DatasetStatistics


def import_tfdv(
    paths: Annotated[
        list[Path],
        typer.Argument(
            metavar="PATH...",
            help="FeatureStats.pb, stats_tfrecord, *.pbtxt, or directories of TFX with Split-train, Split-eval.",
        ),
    ],
    dataset: Annotated[
        str,
        typer.Option(
            "--dataset", help="Name of the data set; splits are NAME/train and so on.", show_default="the path's name"
        ),
    ] = "",
    project: IntoProject = None,
    url: Url = DEFAULT_URL,
    key: SendKey = None,
) -> None:  # fmt: skip
    """Import feature statistics of TensorFlow Data Validation, slices too."""
    from tapetum_server.moving.tfdv.files import Unreadable, found_in, read_datasets, split_of

    named: list[tuple[str, DatasetStatistics]] = []
    for path in paths:
        files = found_in(path)
        if not files:
            what = "holds no FeatureStats.pb or stats_tfrecord" if path.is_dir() else "is not there"
            fail(f"{path} {what}.", "Name a file of statistics, or the directory that TFX wrote.")
        for file in files:
            split = split_of(file, files)
            own = dataset or (path.resolve().name if path.is_dir() else _name_of(file))
            try:
                read = read_datasets(file)
            except Unreadable as error:
                fail(f"{error}.", "Nothing was imported: mend the file, or leave it out.")
            named += [(f"{own}/{split}" if split else own, one) for one in read]
    kept = keep_statistics(named, project=project, url=url, key=key)
    names = sorted({name for name, _ in named})
    say(
        f"Kept statistics of {counted(kept, 'feature')} of {counted(len(names), 'data set')}: {', '.join(names[:10])}"
    )  # fmt: skip


def _name_of(file: Path) -> str:
    """Of a file alone: its own name where that says anything, else its directory's."""
    if file.stem not in ("FeatureStats", "stats_tfrecord"):
        return file.stem
    parents = [part for part in file.resolve().parts[:-1] if not part.startswith("Split-")]
    return parents[-1] if len(parents) > 1 else file.stem
