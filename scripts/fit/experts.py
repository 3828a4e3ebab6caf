#!/usr/bin/env python3
"""Fits the `expert_kernel` entries of the scale-up fabrics on measured dispatch and combine times.

The model is the one of proto/catalog.proto (Fabric.ExpertKernel) and sim/collective/expert.cc. Prints
the kernels and the residuals; with --write puts the kernels into the entries.

  scripts/fit/experts.py --measured ../shared/measured [--write platforms/catalog/fabrics]

Data: aiconfigurator's DeepEP tables (normal and low latency, 1, 2 and 4 hosts of 8) and its table of
one-sided NVLink kernels (GB200). Not fitted: 8 hosts, where the same kernels reach half the NICs' rate.
"""
import argparse
import os
import re

import numpy as np
import pandas as pd
from scipy.optimize import least_squares

US = 1e-6
MIB = 2.0**20
FP8 = 1 + 4 / 128  # one byte an element and a 4-byte scale for each 128 of them
# What a token's element takes on the wire; NVFP4 has a scale byte for each 16.
ELEMENT = {'bfloat16': 2.0, 'fp8': 1.0, 'nvfp4': 0.5 + 1 / 16}
NIC = 50e9  # of one rank: NDR
FABRICS = {
    'nvlink4': dict(bandwidth=450e9, systems=['h100_sxm', 'h200_sxm'], ranks=8),
    'nvlink5': dict(bandwidth=900e9, systems=['b200_sxm', 'b300_sxm'], ranks=8),
    'nvlink5-nvl72': dict(bandwidth=900e9, systems=['gb200', 'gb300'], ranks=4),
}
FIELDS = ('latency_s', 'host_latency_s', 'token_s', 'copy_s', 'processor_bandwidth_bytes_per_s',
          'efficiency_ratio', 'network_copies')
START = (20 * US, 20 * US, 3e-7, 5e-8, 3e10, 0.6, 2.0)
LOW = (1 * US, 1 * US, 1e-11, 1e-11, 1e9, 0.05, 1.0)
HIGH = (60 * US, 60 * US, 1e-5, 1e-5, 1e14, 0.999, 10.0)


def hit(groups, experts, chosen):
    """Of `groups` equal groups of the experts, those that hold one of the chosen."""
    missed = np.ones(len(groups))
    for i in range(int(chosen.max())):
        factor = np.maximum(0.0, experts - experts / groups - i) / np.maximum(1, experts - i)
        missed *= np.where(i < chosen, factor, 1.0)
    return groups * (1 - missed)


def work_of(rows, library):
    """Copies of a token that the kernel moves inside, over the links and through the NIC."""
    hosts, ranks = rows['hosts'].values * 1.0, rows['ranks'].values * 1.0  # ranks: of one host
    experts, chosen = rows['experts'].values * 1.0, rows['topk'].values
    all_ranks = hosts * ranks
    of_ranks = np.where(rows['even'], np.minimum(all_ranks, chosen), hit(all_ranks, experts, chosen))
    of_hosts = hit(hosts, experts, chosen)
    if library == 'normal':
        return of_ranks, of_ranks * (ranks - 1) / ranks, of_hosts * (hosts - 1) / hosts, of_hosts
    copies = of_ranks if library == 'one_sided' else chosen * 1.0
    return (copies, copies * (ranks - 1) / ranks / hosts, copies * (hosts - 1) / hosts,
            np.zeros(len(rows)))


def times(rows, library, bandwidth, x, nic_ratio=0.95):
    latency, host_latency, token_s, copy_s, processor, efficiency, network_copies = x
    copies, links, network, of_hosts = work_of(rows, library)
    hosts, tokens, token = rows['hosts'].values, rows['tokens'].values, rows['token_bytes'].values
    work = copies + np.where(hosts > 1, network_copies * of_hosts, 0)
    processors = rows['processors'].values if library == 'normal' else 1.0
    inside = tokens * (token_s + work * (copy_s + token / processor)) / processors
    wire = tokens * links * token / (bandwidth * efficiency)
    network_time = tokens * network * token / (NIC * nic_ratio)
    return (latency + host_latency * np.log2(hosts)
            + np.maximum(np.maximum(inside, wire), network_time))


def fit(rows, library, bandwidth):
    """Least squares of log ratios, soft-L1, in log space; what the rows cannot show stays fixed."""
    many_hosts = rows['hosts'].max() > 1
    fixed = {}
    if not many_hosts:
        fixed['host_latency_s'] = 0.0
        fixed['network_copies'] = 1.0
    if library == 'low_latency':  # the whole accelerator copies: only the links show
        fixed.update(token_s=0.0, copy_s=0.0, processor_bandwidth_bytes_per_s=np.inf, network_copies=1.0)
    free = [i for i, name in enumerate(FIELDS) if name not in fixed]
    base = np.array([fixed.get(name, START[i]) for i, name in enumerate(FIELDS)])
    measured = rows['seconds'].values

    def full(log_x):
        x = base.copy()
        x[free] = np.exp(log_x)
        return x

    best = None
    for scale in (1.0, 0.5, 2.0):
        first = np.clip(np.array(START)[free] * scale, np.array(LOW)[free] * 1.01,
                        np.array(HIGH)[free] * 0.99)
        result = least_squares(
            lambda log_x: np.log(times(rows, library, bandwidth, full(log_x)) / measured),
            np.log(first), bounds=(np.log(np.array(LOW)[free]), np.log(np.array(HIGH)[free])),
            loss='soft_l1', f_scale=0.05)
        if best is None or result.cost < best.cost:
            best = result
    return full(best.x)


def deepep(folder, library, phase, systems, ranks):
    name = 'deepep_normal' if library == 'normal' else 'deepep_low_latency'
    table = pd.read_csv(os.path.join(folder, 'aiconfigurator', name + '.csv.xz'))
    table = table[table['system'].isin(systems)]
    seconds = table[phase + '_us'] * US
    processors = 1
    if library == 'normal':
        seconds = seconds + table[phase + '_notify_us'] * US
        processors = table[phase + '_sms']
    element = FP8 if phase == 'dispatch' else ELEMENT['bfloat16']
    return pd.DataFrame(dict(hosts=table['nodes'], ranks=ranks, experts=table['experts'],
                             topk=table['topk'], tokens=table['tokens'], even=False,
                             token_bytes=table['hidden'] * element, processors=processors,
                             seconds=seconds))


def one_sided(folder, phase):
    """The kernels that need no prepare step: the second series of a format; even routing."""
    table = pd.read_csv(os.path.join(folder, 'aiconfigurator/nvlink_alltoall_gb200.csv.xz'))
    table = table[table['op'] == 'alltoall_' + phase]
    table = table[table.duplicated(['dtype', 'ep', 'tokens']) == ONE_SIDED_IS_SECOND]
    element = table['dtype'].map(ELEMENT) if phase == 'dispatch' else ELEMENT['bfloat16']
    return pd.DataFrame(dict(hosts=1, ranks=table['ep'], experts=table['experts'],
                             topk=table['topk'], tokens=table['tokens'], even=True,
                             token_bytes=table['hidden'] * element, processors=1,
                             seconds=table['lat_us'] * US))


# False: the series that exists in all formats and up to 64 ranks.
ONE_SIDED_IS_SECOND = False


def text(library, phase, x):
    values = ['%s: %.3g' % (field, value) for field, value in zip(FIELDS, x)
              if 1.1e-11 < value < np.inf and (field, value) != ('network_copies', 1.0)]
    return 'expert_kernel { library: "%s" phase: "%s" %s }' % (library, phase, ' '.join(values))


def residuals(rows, predicted):
    error = np.abs(predicted / rows['seconds'].values - 1)
    size = rows['tokens'] * rows['token_bytes']
    parts = []
    for name, chosen in (('<= 1 MiB', size <= MIB), ('> 1 MiB', size > MIB)):
        for hosts in sorted(rows['hosts'].unique()):
            part = error[(chosen & (rows['hosts'] == hosts)).values]
            if len(part):
                parts.append('%s, %d hosts: %.1f / %.1f (%d)' % (
                    name, hosts, 100 * np.median(part), 100 * np.quantile(part, .9), len(part)))
    return '; '.join(parts)


EVIDENCE = '''evidence {
  field: "expert_kernel"
  kind: MEASURED
  source: "ai-dynamo/aiconfigurator performance database (GitHub), DeepEP and NVLink all-to-all tables"
  year: 2026
  note: "fitted by scripts/fit/experts.py; residuals in docs/collectives.md"
}
'''


EVIDENCE_OF_RELATIVE = '''evidence {
  field: "expert_kernel"
  kind: INFERRED
  source: "the NVLink 4 entry; deepseek-ai/DeepEP README for the bandwidth of the normal kernels"
  year: 2025
}
'''


def write_entry(path, lines, evidence):
    entry = open(path).read()
    entry = re.sub(r'(?m)^expert_kernel \{[^\n]*\}\n', '', entry)
    entry = re.sub(r'(?m)((?:^protocol \{[^\n]*\}\n)+)', r'\1' + '\n'.join(lines) + '\n', entry, count=1)
    if '"expert_kernel"' not in entry:
        entry += evidence
    open(path, 'w').write(entry)


# Fewer of the same links. DeepEP's README has 153 and 158 of 200 GB/s for its normal kernels there.
RELATIVES = {'nvlink4': {'nvlink4-h800': {'dispatch': 0.765, 'combine': 0.79}}}


def for_relative(lines, normal_efficiency):
    for phase, efficiency in normal_efficiency.items():
        lines = [re.sub(r'efficiency_ratio: \S+', 'efficiency_ratio: %g' % efficiency, line)
                 if '"normal" phase: "%s"' % phase in line else line for line in lines]
    return lines


def main():
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('--measured', required=True, help='folder of measured tables')
    parser.add_argument('--write', help='folder of fabric entries to put the kernels into')
    args = parser.parse_args()
    across = {}  # of the fabric measured across hosts, for those that were not
    for name, fabric in FABRICS.items():
        lines = []
        for library in ('normal', 'low_latency', 'one_sided'):
            if library == 'one_sided' and 'gb200' not in fabric['systems']:
                continue
            for phase in ('dispatch', 'combine'):
                rows = (one_sided(args.measured, phase) if library == 'one_sided' else
                        deepep(args.measured, library, phase, fabric['systems'], fabric['ranks']))
                fitted = rows[rows['hosts'] < 8]
                x = fit(fitted, library, fabric['bandwidth'])
                print(residuals(rows, times(rows, library, fabric['bandwidth'], x)))
                if rows['hosts'].max() > 1:
                    across[library, phase] = x
                elif (library, phase) in across:
                    x[[1, 6]] = across[library, phase][[1, 6]]
                lines.append(text(library, phase, x))
                print(lines[-1])
        if args.write:
            write_entry(os.path.join(args.write, name + '.textproto'), lines, EVIDENCE)
            for relative, efficiency in RELATIVES.get(name, {}).items():
                write_entry(os.path.join(args.write, relative + '.textproto'),
                            for_relative(lines, efficiency), EVIDENCE_OF_RELATIVE)


if __name__ == '__main__':
    main()
