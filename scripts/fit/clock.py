#!/usr/bin/env python3
"""What boards keep of their clock at the power limit: BF16 products of the tables whose loops lasted a
second and held the board at its limit, against the same products in short loops. Writes clock.csv."""

import csv

import pandas as pd

import tables
from power import LONG_US, STACK, SYSTEMS

SHORT_LOOPS = "trtllm-1.3.0rc20"  # the tables that the classes are fitted on
AT_LIMIT = 0.97  # of the board's limit


def ratios(system, limit):
    table = pd.read_csv(tables.AICONFIGURATOR / f"gemm_{system}.csv.xz")
    table = table[(table["dtype"] == "bfloat16") & (table.lat_us >= LONG_US) & (table.m >= 1024)
                  & (table.n >= 512) & (table.k >= 512)]
    shape = ["m", "n", "k"]
    settled = table[(table["stack"] == STACK) & (table.power_w >= AT_LIMIT * limit)].drop_duplicates(shape)
    short = table[table["stack"] == SHORT_LOOPS].drop_duplicates(shape)
    both = settled.merge(short, on=shape, suffixes=("_settled", "_short"))
    return both.lat_us_short / both.lat_us_settled


def main():
    with open(tables.HERE / "clock.csv", "w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["kernel_class", "products", "median_ratio", "lower_quartile", "upper_quartile", "source"])
        for system, (kernel_class, _, _, limit) in SYSTEMS.items():
            found = ratios(system, limit)
            quartiles = [f"{found.quantile(q):.3f}" for q in (0.5, 0.25, 0.75)]
            writer.writerow([kernel_class, len(found), *quartiles,
                             "ai-dynamo/aiconfigurator performance database, Apache-2.0"])


if __name__ == "__main__":
    main()
