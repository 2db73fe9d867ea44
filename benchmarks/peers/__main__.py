"""Runs the peers over the origins of our backtest, each in a process of its own.

    .venv-peers/bin/python -m benchmarks.peers wales ../shared/data --out peers-out

Writes SET-PEER.parquet (the columns of docs/guides/backtest-file.md, without the baseline) and
SET-PEER.json (wall seconds and peak memory of its process) for every peer.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from importlib.metadata import version
from pathlib import Path

PEERS = ("seasonal-naive", "auto-ets", "mstl", "fracast", "mlforecast-lightgbm", "auto-arima")
PACKAGES = ("statsforecast", "mlforecast", "lightgbm", "fracast")


def main() -> None:
    """Start one process a peer, or be that process."""
    asked = _asked()
    asked.out.mkdir(parents=True, exist_ok=True)
    if asked.alone:
        # the libraries load only here, so that the parent's size never counts as a peer's
        from benchmarks.peers.rolling import written  # noqa: PLC0415

        print(json.dumps(written(asked)))
        return
    for peer in asked.peers:
        measured = _measured(peer, asked)
        (asked.out / f"{asked.case}-{peer}.json").write_text(json.dumps(measured, indent=2) + "\n")
        print(
            f"{asked.case} {peer}: {measured['wall_seconds']} s, {measured['peak_mib']} MiB",
            flush=True,
        )


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.peers", description=(__doc__ or "").splitlines()[0]
    )
    parser.add_argument("case", help="wales, swast, laguna, toronto or demo")
    parser.add_argument("data", type=Path, help="folder of the real data; demo: of its files")
    parser.add_argument("--out", type=Path, required=True, help="folder for the results")
    parser.add_argument("--peers", nargs="+", choices=PEERS, default=PEERS)
    parser.add_argument("--levels", nargs="+", help="only these levels  [default: all]")
    parser.add_argument("--folds", type=int, help="only the first so many origins")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument(
        "--refit-every", type=int, default=1, help="origins between AutoARIMA's searches of orders"
    )
    parser.add_argument("--alone", action="store_true", help=argparse.SUPPRESS)
    return parser.parse_args()


def _measured(peer: str, asked: argparse.Namespace) -> dict[str, object]:
    command = [sys.executable, "-m", "benchmarks.peers", asked.case, str(asked.data), "--alone"]
    command += ["--out", str(asked.out), "--peers", peer, "--jobs", str(asked.jobs)]
    command += ["--refit-every", str(asked.refit_every)]
    command += ["--levels", *asked.levels] if asked.levels else []
    command += ["--folds", str(asked.folds)] if asked.folds else []
    threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), str(asked.jobs))
    began = time.perf_counter()
    child = subprocess.Popen(  # noqa: S603 - our own interpreter and module
        command, stdout=subprocess.PIPE, text=True, env=os.environ | threads
    )
    said = child.stdout.read() if child.stdout else ""
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        sys.exit(f"{peer} stopped with {child.returncode}; its own message is above")
    return {
        "set": asked.case,
        "peer": peer,
        **json.loads(said.splitlines()[-1]),
        "jobs": asked.jobs,
        "refit_every": asked.refit_every if peer == "auto-arima" else 1,
        "wall_seconds": round(time.perf_counter() - began, 1),
        "cpu_seconds": round(usage.ru_utime + usage.ru_stime, 1),
        "peak_mib": usage.ru_maxrss // 1024,
        "versions": {name: version(name) for name in PACKAGES},
    }


if __name__ == "__main__":
    main()
