"""The report: medians over rounds, and ratios between what stood side by side in one round."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from statistics import median

from msgspec import Struct

from benchmarks.load import Result
from benchmarks.processes import DIRECT, REFERENCE, Target


class Sample(Struct, frozen=True, kw_only=True):
    """One load on one target. `cpu` is microseconds per request, `chunks` of each answer."""

    target: str
    dialect: str
    size: str
    test: str
    round: int
    cpu: float
    chunks: int
    result: Result


class Report(Struct, frozen=True, kw_only=True):
    targets: tuple[Target, ...]
    samples: tuple[Sample, ...]


Value = Callable[[Sample], float]


class Case(Struct, frozen=True):
    """The samples of one dialect, size and test, by target and round."""

    samples: dict[tuple[str, int], Sample]

    def middle(self, target: str, value: Value) -> float:
        return median(value(s) for (name, _), s in self.samples.items() if name == target)

    def against(self, target: str, other: str, compare: Callable[[Sample, Sample], float]) -> float:
        """The median over rounds of a comparison within each round."""
        return median(
            compare(sample, self.samples[other, number])
            for (name, number), sample in self.samples.items()
            if name == target
        )


def text(report: Report) -> str:
    """The whole report in Markdown."""
    return "\n".join([*_starts(report), *_cases(report), *_failures(report)])


def _starts(report: Report) -> Iterator[str]:
    yield "| target | first answer after s | idle MB |"
    yield "|---|---|---|"
    for target in report.targets:
        yield f"| {target.name} | {target.start:.2f} | {target.idle:.0f} |"


def _cases(report: Report) -> Iterator[str]:
    cases: dict[tuple[str, str, str], dict[tuple[str, int], Sample]] = {}
    for sample in report.samples:
        case = cases.setdefault((sample.dialect, sample.size, sample.test), {})
        case[sample.target, sample.round] = sample
    for (dialect, size, test), samples in cases.items():
        heads, row = _TABLES[test]
        yield f"\n### {dialect}, {size}, {test}\n"
        yield f"| target | {' | '.join(heads)} |"
        yield "|---" * (len(heads) + 1) + "|"
        for target in report.targets:
            yield f"| {target.name} | {' | '.join(row(Case(samples), target.name))} |"


def _failures(report: Report) -> Iterator[str]:
    for sample in report.samples:
        if sample.result.failures:
            says = f"{sample.result.failures} failures in round {sample.round + 1}"
            yield f"\n**{sample.target}, {sample.dialect}, {sample.size}, {sample.test}: {says}**"


def _one(case: Case, target: str) -> list[str]:
    """One connection: what a person waits longer for an answer."""
    return [
        f"{case.middle(target, lambda s: s.result.p50):.0f}",
        f"{case.against(target, DIRECT, lambda s, o: s.result.p50 - o.result.p50):.0f}",
        f"{case.against(target, DIRECT, lambda s, o: s.result.p99 - o.result.p99):.0f}",
        *_cpu(case, target),
    ]


def _many(case: Case, target: str) -> list[str]:
    """Thirty-two connections: what one core carries."""

    def ratio(sample: Sample, other: Sample) -> float:
        return _rate(sample) / _rate(other)

    return [
        f"{case.middle(target, _rate):.0f}",
        f"{case.against(target, DIRECT, ratio):.3f}",
        f"{case.against(target, REFERENCE, ratio):.2f}",
        *_cpu(case, target),
    ]


def _streams(case: Case, target: str) -> list[str]:
    """Streams: when the first byte comes, and what each chunk costs."""
    return [
        f"{case.middle(target, lambda s: s.result.first):.0f}",
        f"{case.against(target, DIRECT, lambda s, o: s.result.first - o.result.first):.0f}",
        f"{case.middle(target, lambda s: s.cpu / s.chunks):.1f}",
        *_cpu(case, target),
    ]


def _cpu(case: Case, target: str) -> list[str]:
    """Processor time, and how many times that of the reference; `direct` is the provider's own."""
    used = f"{case.middle(target, lambda s: s.cpu):.0f}"
    if target == DIRECT:
        return [used, "-"]
    return [used, f"{case.against(target, REFERENCE, lambda s, o: s.cpu / o.cpu):.2f}"]


def _rate(sample: Sample) -> float:
    return sample.result.requests / max(sample.result.seconds, 1e-9)


_CPU_HEADS = ("CPU µs/request", "x reference")
_STREAM_HEADS = ("first byte µs", "added to direct", "CPU µs/chunk", *_CPU_HEADS)
_TABLES: dict[str, tuple[tuple[str, ...], Callable[[Case, str], list[str]]]] = {
    "c1": (("p50 µs", "added p50", "added p99", *_CPU_HEADS), _one),
    "c32": (("requests/s", "of direct", "of reference", *_CPU_HEADS), _many),
    "burst": (_STREAM_HEADS, _streams),
    "paced": (_STREAM_HEADS, _streams),
}
