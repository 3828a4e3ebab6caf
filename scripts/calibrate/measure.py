#!/usr/bin/env python3
"""Measures one Nvidia GPU: kernels, whole layers, launches and board power. Needs PyTorch; NVML for power.

Each suite writes one table to the output folder, NAME.csv, beside device.json (what was measured, with which
software) and skipped.csv (points that the device or the software refused). Units are in the column names.
Nothing on the device is changed: no clocks, no power limit.
"""

import argparse
import gc
import json
import os
import signal
import sys
import time

import tables

QUICK_POINTS = 8
EXAMPLE = """example:
  python3 scripts/calibrate/measure.py --out /tmp/my-gpu --budget-s 540
  python3 scripts/calibrate/measure.py --out /tmp/look --quick --suites gemm,memory
"""


def parse(arguments, names):
    parser = argparse.ArgumentParser(description=__doc__, epilog=EXAMPLE,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", metavar="DIR", help="folder for the tables; made if absent")
    parser.add_argument("--suites", metavar="NAMES", default=",".join(names),
                        help=f"comma-separated, run in this order (default: {','.join(names)})")
    parser.add_argument("--budget-s", type=float, default=900.0, metavar="S",
                        help="stop after this many seconds; each suite gets its share and drops its last points "
                             "(default: %(default).0f)")
    parser.add_argument("--quick", action="store_true", help=f"the first {QUICK_POINTS} points of each suite only")
    parser.add_argument("--nvml-index", type=int, default=0, metavar="N",
                        help="the device's number in nvidia-smi, which CUDA_VISIBLE_DEVICES does not change "
                             "(default: %(default)s)")
    parser.add_argument("--list", action="store_true", help="print each suite's number of points and leave")
    options = parser.parse_args(arguments)
    options.suites = options.suites.split(",")
    unknown = [name for name in options.suites if name not in names]
    if unknown:
        parser.error(f"unknown suite {unknown[0]!r}; there are {', '.join(names)}")
    if options.budget_s <= 0:
        parser.error(f"--budget-s {options.budget_s:g}: must be above 0")
    if not options.out and not options.list:
        parser.error("--out DIR is needed")
    return options


class Progress:
    def __init__(self):
        self.shown = sys.stderr.isatty()

    def show(self, text):
        if self.shown:
            print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)

    def end(self):
        self.show("")


def one_line(error):
    text = f"{type(error).__name__}: {error}".split("\n")[0]
    return text.replace(",", ";").replace('"', "'")[:160]


class DeviceLost(Exception):
    """An error that stays on the device: nothing measured after it can be trusted."""


def run_suite(name, suite, context, deadline_s, quick, progress, rows, skipped):
    """Appends the suite's rows, and the points that were refused or that the time did not suffice for."""
    chosen = suite.points()[:QUICK_POINTS] if quick else suite.points()
    for index, point in enumerate(chosen):
        if time.monotonic() > deadline_s:
            skipped.append({"suite": name, "point": f"{len(chosen) - index} last points", "reason": "time budget"})
            break
        progress.show(f"{name} {index + 1}/{len(chosen)}")
        try:
            rows.append(suite.measure(context, point))
        except (RuntimeError, AttributeError, ValueError, TypeError, NotImplementedError, KeyError) as error:
            skipped.append({"suite": name, "point": one_line(point).split(": ", 1)[1], "reason": one_line(error)})
            recover(context.torch)


def recover(torch):
    """Frees what a refused point left."""
    try:
        torch.cuda.synchronize()
        torch.cuda.empty_cache()
    except RuntimeError as error:
        raise DeviceLost(one_line(error)) from error


def open_board(index):
    import board
    try:
        return board.Board(index)
    except Exception as error:  # no library or no driver: NVML's error types cannot be named where it is absent
        print(f"measure.py: no board sensors, so no power: {one_line(error)}", file=sys.stderr)
        return None


def describe(torch, gpu, sensors):
    properties = torch.cuda.get_device_properties(gpu)
    software = {"torch": torch.__version__, "cuda": torch.version.cuda, "cudnn": torch.backends.cudnn.version(),
                "python": sys.version.split()[0]}
    return {"name": properties.name, "compute_capability": f"{properties.major}.{properties.minor}",
            "multiprocessors": properties.multi_processor_count, "memory_bytes": properties.total_memory,
            "l2_bytes": getattr(properties, "L2_cache_size", None), **(sensors.describe() if sensors else {}),
            **software}


def same_board(torch, sensors):
    uuid = getattr(torch.cuda.get_device_properties(0), "uuid", None)
    return uuid is None or str(uuid).removeprefix("GPU-") == str(sensors.uuid()).removeprefix("GPU-")


def prepare(torch, sensors):
    import suites
    import timing
    properties = torch.cuda.get_device_properties(0)
    l2_bytes = getattr(properties, "L2_cache_size", 0) or (64 << 20)
    pool = timing.Pool(torch, min(6 << 30, properties.total_memory // 20), l2_bytes)
    return suites.Context(torch, timing.Timer(torch), pool, sensors)


def measure(options, suites, clock=time.monotonic):
    started = clock()
    os.makedirs(options.out, exist_ok=True)
    sensors = open_board(options.nvml_index)
    first_power = []
    if sensors and "power" in options.suites:
        first_power = [idle_row(sensors, 1.0 if options.quick else 3.0)]
    import torch
    if not torch.cuda.is_available():
        print("measure.py: PyTorch sees no CUDA device", file=sys.stderr)
        return 1
    if sensors and not same_board(torch, sensors):
        print(f"measure.py: --nvml-index {options.nvml_index} is another board than CUDA's device 0; give its number "
              "in nvidia-smi", file=sys.stderr)
        return 2
    context = prepare(torch, sensors)
    gc.collect()
    gc.freeze()  # every graph capture collects garbage; without the frozen heap that takes longer than the measuring
    tables.write_json(os.path.join(options.out, "device.json"), describe(torch, 0, sensors))
    left = dict.fromkeys(options.suites)
    skipped, progress = [], Progress()
    for name in options.suites:
        suite = suites[name]
        share = suite.share / sum(suites[other].share for other in left)
        del left[name]
        if suite.needs_board and sensors is None:
            skipped.append({"suite": name, "point": "all", "reason": "no NVML"})
            continue
        deadline_s = clock() + (started + options.budget_s - clock()) * share
        rows = first_power if name == "power" else []
        try:
            run_suite(name, suite, context, deadline_s, options.quick, progress, rows, skipped)
        finally:
            save(options.out, name, rows, skipped)
            progress.end()
        torch.cuda.empty_cache()
    return 0


def save(folder, name, rows, skipped):
    if rows:
        tables.write_csv(os.path.join(folder, f"{name}.csv"), rows)
    if skipped:
        tables.write_csv(os.path.join(folder, "skipped.csv"), skipped)


def idle_row(sensors, window_s):
    """Before CUDA starts: the board with no context on it."""
    import board
    import suites
    return suites.power_row("idle", board.watch_idle(sensors, window_s), 0, 0, 0, sensors.describe()["power_limit_w"])


def main(arguments=None):
    import suites
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    options = parse(arguments, list(suites.SUITES))
    if options.list:
        print(json.dumps({name: len(suite.points()) for name, suite in suites.SUITES.items()}, indent=2))
        return 0
    try:
        return measure(options, suites.SUITES)
    except DeviceLost as error:
        print(f"measure.py: the device stopped answering, the tables so far are kept: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
