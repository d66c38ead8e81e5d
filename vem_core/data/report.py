"""What became of every file of a folder: as JSON for programs, as a table for people."""

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass

from .duplicates import Pair
from .judge import Verdict, beyond_chance
from .record import Record
from .settings import BuildSettings

_ROWS = 60
"""Rejected files listed on the screen; the report's files list all."""


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Report:
    """Everything that was found out; nothing of when, where or by whom."""

    settings: BuildSettings
    records: Sequence[Record]
    verdicts: Sequence[Verdict]
    pairs: Sequence[Pair]
    n_other_files: int
    separator_missing: str
    """Why SNR was not measured; empty where it was."""
    stale_decisions: tuple[str, ...] = ()
    """Files that people decided on and that have changed or gone since."""
    shards: Sequence[dict] = ()

    @property
    def n_accepted(self) -> int:
        return sum(verdict.accepted for verdict in self.verdicts)

    def clips(self) -> Iterator[tuple[Record, Verdict]]:
        return zip(self.records, self.verdicts, strict=True)


def report_json(report: Report) -> str:
    """Every clip with its figures and all its reasons."""
    document = {
        "schema": "vem-data-report",
        "version": 1,
        "settings": report.settings.as_dict(),
        "n_clips": len(report.records),
        "n_accepted": report.n_accepted,
        "n_other_files": report.n_other_files,
        "rejected": dict(_counts(report)),
        "passing_by_chance": expected_by_chance(report),
        "snr": f"not measured: {report.separator_missing}" if report.separator_missing else "",
        "stale_decisions": list(report.stale_decisions),
        "shared": [
            {
                "files": [report.records[pair.first].file, report.records[pair.second].file],
                "sound": pair.sound,
                "picture": pair.picture,
            }
            for pair in report.pairs
        ],
        "clips": [_clip(record, verdict, report) for record, verdict in report.clips()],
    }
    return json.dumps(document, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def _clip(record: Record, verdict: Verdict, report: Report) -> dict:
    interval = beyond_chance(record, report.settings.rules)
    parts = {"sounding": record.sounding, "meeting": record.meeting, "mood": record.mood}
    return {
        "key": record.key,
        "file": record.file,
        "accepted": verdict.accepted,
        "decision": verdict.decision,
        "reasons": [asdict(reason) for reason in verdict.reasons],
        "sha256": record.sha256,
        "duration_s": record.duration_s,
        "fps": record.fps,
        "hit_rate_interval": None if interval is None else [round(x, 4) for x in interval],
        **{name: asdict(part) if part else None for name, part in parts.items()},
    }


def _counts(report: Report) -> list[tuple[str, int]]:
    """Rejected clips by their first reason, most first."""
    firsts = Counter(v.reasons[0].code for v in report.verdicts if not v.accepted)
    return sorted(firsts.items(), key=lambda row: (-row[1], row[0]))


def expected_by_chance(report: Report) -> float:
    """About how many clips whose cuts fall anywhere would pass the rule of the beats: the rule's
    chance of error times the clips that were put to it."""
    rules = report.settings.rules
    meetings = [record.meeting for record in report.records if record.meeting is not None]
    tested = sum(meeting.n_cuts >= rules.least_cuts for meeting in meetings)
    return round(tested * (1 - rules.confidence) / 2, 2)


def report_text(report: Report, *, most_rows: int | None = None) -> str:
    """Counts, then a line for every rejected file."""
    n_rejected = len(report.records) - report.n_accepted
    lines = [f"{len(report.records)} videos: {report.n_accepted} accepted, {n_rejected} rejected"]
    lines += [f"{count:>6}  {code}" for code, count in _counts(report)]
    rejected = [(r, v) for r, v in report.clips() if not v.accepted]
    if rejected:
        lines.append("")
    width = max((min(len(r.file), 48) for r, _ in rejected), default=0)
    for record, verdict in rejected[:most_rows]:
        words = "; ".join(reason.text for reason in verdict.reasons)
        lines.append(f"{record.file:<{width}}  {words}")
    if most_rows is not None and len(rejected) > most_rows:
        lines.append(f"... and {len(rejected) - most_rows} more in report.txt")
    overruled = [r.file for r, v in report.clips() if v.accepted and v.reasons]
    lines.append("")
    if overruled:
        lines.append(f"Accepted by hand against the rules: {', '.join(overruled)}")
    lines.append(
        f"Of the clips whose beats were put to the test about {expected_by_chance(report):.1f} pass"
        " by chance alone."
    )
    if report.separator_missing:
        lines.append(f"Music against the rest: not measured: {report.separator_missing}")
    if report.stale_decisions:
        lines.append(
            "Decisions left out, since their files have changed or gone:"
            f" {', '.join(report.stale_decisions)}"
        )
    if report.n_other_files:
        lines.append(f"{report.n_other_files} other files in the folder are no videos by name.")
    return "\n".join(lines)


def screen_text(report: Report) -> str:
    """The report for the screen: not more than it holds."""
    return report_text(report, most_rows=_ROWS)
