#!/usr/bin/env python3
"""Fits the `protocol` entries of the scale-up fabrics on measured collectives.

The model is the one of proto/catalog.proto (Fabric.Protocol): with s dependent steps and
W = wire bytes x (1 + drain / s) / (bandwidth x efficiency), one protocol takes
latency + step_latency x s + W + 2 sqrt(fill x W), and the library takes the cheapest protocol that
serves the operation. Prints the protocols and the residuals; with --write puts the protocols into
the entries.

  scripts/fit/collectives.py --measured ../shared/measured [--write platforms/catalog/fabrics]

Data: NCCL and oneCCL tables of aiconfigurator (message sizes in elements), its tables of the inference
engines' own all-reduce kernels, the published large-message points below, and for transfers between
two accelerators the profiles of vidur and apex; apex alone has PCIe 3 (V100). Not fitted: the
8-device L40S table (it implies 1 GB/s); all other rows of vidur and apex are compared only.
"""
import argparse
import os
import re

import numpy as np
import pandas as pd
from scipy.optimize import least_squares

MIB = 2.0**20
US = 1e-6


class Protocol:
    """One protocol; each number is either a fixed float or the index of a fitted parameter."""

    FIELDS = ('latency_s', 'step_latency_s', 'efficiency_ratio', 'fill_s', 'drain_ratio')

    def __init__(self, algorithm, name='', **fields):
        self.algorithm = algorithm
        self.name = name
        self.fields = {name: fields.get(name, 0.0) for name in self.FIELDS}

    def values(self, x):
        return [x[v] if isinstance(v, int) else v for v in self.fields.values()]


def demand(algorithm, op, n, size):
    """(steps, wire bytes) as in sim/collective; steps 0 marks an operation that is not served."""
    peers = n - 1
    reduce = op == 'all_reduce'
    rounds = np.where(reduce, 2, 1)
    if algorithm == 'ring':
        steps, wire = rounds * peers, rounds * peers / n * size
        return np.where((op == 'alltoall') | (op == 'sendrecv'), 0, steps), wire
    if algorithm == 'in_switch':
        return np.where(reduce, 2, 0), (n + 1) / n * size
    if algorithm == 'direct':
        return np.where(op == 'alltoall', peers, 0), peers / n * size
    if algorithm == 'one_shot':
        return np.where(reduce, peers, 0), peers * size
    if algorithm == 'send_recv':
        return np.where(op == 'sendrecv', 1, 0), size
    if algorithm == 'two_shot':
        return np.where(reduce, 2 * peers, 0), 2 * peers / n * size
    raise ValueError(algorithm)


def bandwidth_of(fabric, n, x):
    """GroupBandwidth of sim/collective: the thinner path once a group leaves its island."""
    island = fabric.get('island')
    if island is None:
        return np.full(len(n), fabric['bandwidth'])
    accelerators, ratio = island
    ratio = x[ratio] if isinstance(ratio, int) else ratio
    return fabric['bandwidth'] * np.where(n > accelerators, ratio, 1.0)


def times(fabric, protocols, rows, x):
    """Seconds of each row; `only` of a row restricts it to one algorithm."""
    op, only = rows['op'].values, rows['only'].values
    n, size = rows['n'].values.astype(float), rows['bytes'].values.astype(float)
    bandwidth = bandwidth_of(fabric, n, x)
    best = np.full(len(rows), np.inf)
    for protocol in protocols:
        latency, step, efficiency, fill, drain = protocol.values(x)
        steps, wire = demand(protocol.algorithm, op, n, size)
        served = (steps > 0) & ((only == '') | (only == protocol.algorithm))
        safe = np.where(steps > 0, steps, 1)
        w = wire * (1 + drain / safe) / (bandwidth * efficiency)
        t = latency + step * safe + w + 2 * np.sqrt(fill * w)
        best = np.minimum(best, np.where(served, t, np.inf))
    return best


def excess_at_gib(fabric, protocols, x, algorithm=None):
    """Time over bandwidth bound of an 8-accelerator all-reduce of 1 GiB."""
    rows = pd.DataFrame([dict(op='all_reduce', n=8, bytes=2.0**30, only=algorithm or '')])
    bandwidth = bandwidth_of(fabric, np.array([8.0]), x)[0]
    bound = np.inf
    for protocol in protocols:
        if algorithm and protocol.algorithm != algorithm:
            continue
        steps, wire = demand(protocol.algorithm, np.array(['all_reduce']), np.array([8.0]), 2.0**30)
        if steps[0] > 0:
            bound = min(bound, wire[0] / (bandwidth * protocol.values(x)[2]))
    return times(fabric, protocols, rows, x)[0] / bound


def fit(fabric, protocols, rows, start, low, high, limit_gib=None):
    """Least squares of log ratios, soft-L1 (tables have outliers), parameters in log space."""
    measured = np.log(rows['seconds'].values)
    weight = np.sqrt(rows['weight'].values)

    def residuals(log_x):
        x = np.exp(log_x)
        r = (np.log(times(fabric, protocols, rows, x)) - measured) * weight
        if limit_gib:
            over = [max(0.0, excess_at_gib(fabric, protocols, x, a) - limit_gib)
                    for a in {p.algorithm for p in protocols}]
            r = np.append(r, 300 * np.array(over))
        return r

    best = None
    for scale in (1.0, 0.6, 1.6):  # other starts: the minimum over protocols is not convex
        first = np.clip(np.array(start) * scale, np.array(low) * 1.01, np.array(high) * 0.99)
        result = least_squares(residuals, np.log(first), bounds=(np.log(low), np.log(high)),
                               loss='soft_l1', f_scale=0.05)
        if best is None or result.cost < best.cost:
            best = result
    return np.exp(best.x)


# --- measured rows -------------------------------------------------------------------------------


def nccl_rows(folder, systems, keep=lambda rows: rows):
    table = pd.read_csv(os.path.join(folder, 'aiconfigurator/collectives_nccl.csv.xz'))
    table = table[table['system'].isin(systems)]
    size = table['msg_elems'] * table['dtype'].map({'half': 2, 'int8': 1})
    # oneCCL's gathers state what one rank brings: they take n times its reduce-scatters.
    brought = table['stack'].str.startswith('oneccl') & (table['op'] == 'all_gather')
    size = size * np.where(brought, table['gpus'], 1)
    rows = pd.DataFrame(dict(system=table['system'], stack=table['stack'], op=table['op'],
                             n=table['gpus'], bytes=size, seconds=table['lat_us'] * US))
    rows = rows[rows['bytes'] >= 512]
    keys = ['system', 'stack', 'op', 'n', 'bytes']
    rows = rows.groupby(keys)['seconds'].median().reset_index()
    return keep(rows).assign(only='', weight=1.0)


def engine_rows(folder, systems):
    table = pd.read_csv(os.path.join(folder, 'aiconfigurator/collectives_custom_allreduce.csv.xz'))
    # Replayed from a graph: without the host's launch time.
    graph = table['impl'].isin(['sglang_graph', 'vllm_graph', 'trtllm', 'TRTLLM'])
    table = table[table['system'].isin(systems) & graph]
    rows = pd.DataFrame(dict(system=table['system'], n=table['gpus'], bytes=table['msg_elems'] * 2,
                             seconds=table['lat_us'] * US))
    # The kernels of three engines: the median of them.
    rows = rows.groupby(['system', 'n', 'bytes'])['seconds'].median().reset_index()
    return rows.assign(op='all_reduce', only='', weight=1.0)


def published(points, table_rows):
    """(operation, ranks, bytes, bus bandwidth in GB/s, algorithm or '') -> rows."""
    rows = []
    for op, n, size, bus, only in points:
        ratio = 2 * (n - 1) / n if op == 'all_reduce' else (n - 1) / n
        rows.append(dict(system='published', stack='', op=op, n=n, bytes=size,
                         seconds=ratio * size / (bus * 1e9), only=only))
    # A published point is the end of a curve of many: together they count a tenth of the table.
    return pd.DataFrame(rows).assign(weight=0.1 * table_rows / max(1, len(rows)))


GIB = 2.0**30
FABRICS = {
    'nvlink3': dict(
        bandwidth=300e9, systems=['a100_sxm'], in_switch=False,
        published=[('all_reduce', 8, MIB, 36, ''), ('all_reduce', 8, 16 * MIB, 109, ''),
                   ('all_reduce', 8, 256 * MIB, 214, ''), ('all_reduce', 8, 8 * GIB, 231.6, '')]),
    'nvlink4': dict(
        bandwidth=450e9, systems=['h100_sxm', 'h200_sxm'], in_switch=True,
        published=[('all_reduce', 8, MIB, 43.7, ''), ('all_reduce', 8, 16 * MIB, 234, ''),
                   ('all_reduce', 8, 256 * MIB, 423, ''), ('all_reduce', 8, 8 * GIB, 479, ''),
                   ('all_reduce', 8, 8 * GIB, 368, 'ring'), ('all_gather', 8, 8 * GIB, 361, ''),
                   ('reduce_scatter', 8, 8 * GIB, 363, '')]),
    'nvlink5': dict(
        bandwidth=900e9, systems=['b200_sxm', 'b300_sxm'], in_switch=True,
        published=[('all_reduce', 8, 16 * GIB, 842, ''), ('all_reduce', 8, 16 * GIB, 682, 'ring')]),
    'nvlink5-nvl72': dict(
        bandwidth=900e9, systems=['gb200', 'gb300'], in_switch=True,
        published=[('all_reduce', 72, 16 * GIB, 850, ''),
                   ('all_reduce', 72, 16 * GIB, 680, 'ring')]),
    'pcie4': dict(
        bandwidth=31e9, systems=['l40s'], in_switch=False, published=[],
        # 8 devices imply 1 GB/s; 4 cross the processors' link without peer access.
        keep=lambda rows: rows[rows['n'] <= 4], island=(2, 0.6), fit_island=True),
    'pcie5': dict(bandwidth=63e9, systems=['rtx_pro_6000_server'], in_switch=False, published=[],
                  island=(2, 0.6), fit_island=True),
    # Arc Pro B60 has eight lanes; oneCCL.
    'pcie5-x8': dict(bandwidth=31.5e9, systems=['b60'], in_switch=False, published=[],
                     island=(4, 1.0)),
    'pcie3': dict(bandwidth=15.75e9, systems=[], in_switch=False, published=[], apex='V100-PCIE-16GB',
                  island=(4, 1.0)),
}
# Send and receive profiles: (table, its name of the machine).
TRANSFERS = {'nvlink3': [('vidur', 'a100_dgx')],
             'nvlink4': [('vidur', 'h100_dgx'), ('apex', 'H100-SXM-80GB'), ('apex', 'H200')],
             'pcie3': [('apex', 'V100-PCIE-16GB')]}
# What copies reach of the links (published); the profiles end at 64 and 256 MiB.
COPIES = {'nvlink3': .9, 'nvlink4': .88}


def ring_protocols(fabric):
    """LL, LL128 and Simple rings share launch and drain; the switch has parameters of its own."""
    p = [Protocol('ring', 'LL', latency_s=0, step_latency_s=2, efficiency_ratio=3, drain_ratio=1),
         Protocol('ring', 'LL128', latency_s=0, step_latency_s=4, efficiency_ratio=5,
                  drain_ratio=1),
         Protocol('ring', 'Simple', latency_s=0, step_latency_s=6, efficiency_ratio=7, fill_s=8,
                  drain_ratio=1)]
    start = [6 * US, 0.8, 0.7 * US, .05, 1.1 * US, .4, 2 * US, .85, 2 * US]
    low = [1 * US, 0.01, 0.1 * US, .01, 0.2 * US, .05, 0.3 * US, .3, 0.05 * US]
    high = [20 * US, 1.5, 3 * US, .5, 5 * US, .95, 15 * US, .99, 20 * US]
    if fabric['in_switch']:
        p.append(Protocol('in_switch', latency_s=9, efficiency_ratio=10, fill_s=11))
        start += [20 * US, .62, 3 * US]
        low += [1 * US, .4, 0.05 * US]
        high += [60 * US, .99, 20 * US]
    if fabric.get('fit_island'):
        fabric['island'] = (fabric['island'][0], len(start))
        start, low, high = start + [.7], low + [.02], high + [1.0]
    return p, start, low, high


def direct_protocols():
    p = [Protocol('direct', latency_s=0, step_latency_s=1, efficiency_ratio=2),
         Protocol('direct', latency_s=3, step_latency_s=1, efficiency_ratio=4, fill_s=5,
                  drain_ratio=6)]
    return (p, [6 * US, .3 * US, .1, 10 * US, .75, 2 * US, .5],
            [1 * US, .01 * US, .005, 1 * US, .2, .01 * US, .01],
            [20 * US, 3 * US, .9, 40 * US, .99, 20 * US, 1.5])


def engine_protocols():
    p = [Protocol('one_shot', latency_s=0, step_latency_s=1, efficiency_ratio=2),
         Protocol('two_shot', latency_s=3, step_latency_s=1, efficiency_ratio=4, fill_s=5)]
    return (p, [4 * US, .3 * US, .5, 6 * US, .6, .5 * US],
            [1 * US, .01 * US, .05, 1 * US, .1, .01 * US],
            [20 * US, 3 * US, .99, 40 * US, .99, 20 * US])


def transfer_protocols(largest_efficiency):
    """Of one accelerator to another: a step."""
    return ([Protocol('send_recv', latency_s=0, efficiency_ratio=1, fill_s=2)],
            [6 * US, .8, 1 * US], [1 * US, .05, .001 * US], [40 * US, largest_efficiency, 50 * US])


def numbers(protocols, x):
    return [(p.algorithm, p.name, dict(zip(Protocol.FIELDS, p.values(x)))) for p in protocols]


def text(algorithm, name, values):
    fields = ' '.join('%s: %.3g' % (k, v) for k, v in values.items() if v > 0)
    named = ' name: "%s"' % name if name else ''
    return 'protocol { algorithm: "%s"%s %s }' % (algorithm, named, fields)


def residual_table(rows, predicted):
    error = np.abs(predicted / rows['seconds'].values - 1)
    bins = [(0, 64 * 2**10, '<= 64 KiB'), (64 * 2**10, MIB, '64 KiB - 1 MiB'),
            (MIB, 32 * MIB, '1 - 32 MiB'), (32 * MIB, 1e18, '> 32 MiB')]
    lines = []
    for low, high, name in bins:
        chosen = error[(rows['bytes'].values > low) & (rows['bytes'].values <= high)]
        if len(chosen):
            lines.append((name, len(chosen), np.median(chosen), np.quantile(chosen, .9)))
    return lines


def apex_rows(folder, gpu, sendrecv=False):
    """One node; where the same size was measured twice, both."""
    apex = pd.read_csv(os.path.join(folder, 'apex/collectives.csv'))
    apex = apex[(apex['gpu'] == gpu) & (apex['num_nodes'] == 1) & (apex['size(kb)'] > 0)
                & ((apex['op'] == 'sendrecv') == sendrecv)]
    return pd.DataFrame(dict(system=gpu, stack='', op=apex['op'], n=apex['num_gpus_per_node'],
                             bytes=apex['size(kb)'] * 1024.0, seconds=apex['time(us)'] * US,
                             only='', weight=1.0))


def transfer_rows(folder, name):
    rows = []
    for table, machine in TRANSFERS.get(name, []):
        if table == 'apex':
            rows.append(apex_rows(folder, machine, sendrecv=True))
            continue
        vidur = pd.read_csv(os.path.join(folder, 'vidur/network.csv.xz'))
        vidur = vidur[(vidur['topology'] == machine) & (vidur['op'] == 'send_recv')
                      & (vidur['devices_per_node'] == 2) & (vidur['ranks'] == 1)]
        # A thousand sizes, most of them large: thinned to what a factor of 1.5 leaves.
        vidur = vidur[~np.floor(np.log(vidur['size']) / np.log(1.5)).duplicated()]
        rows.append(pd.DataFrame(dict(system=machine, stack='', op='sendrecv', n=2,
                                      bytes=vidur['size'] * 1.0, seconds=vidur['median_ms'] * 1e-3,
                                      only='', weight=1.0)))
    return pd.concat(rows, ignore_index=True) if rows else None


def fit_fabric(name, fabric, folder):
    """Protocols with numbers, and residual lines (group, size, rows, median, 90th percentile)."""
    keep = fabric.get('keep', lambda rows: rows)
    table = (apex_rows(folder, fabric['apex']) if 'apex' in fabric else
             nccl_rows(folder, fabric['systems'], keep))
    others = table[table['op'] != 'alltoall']
    points = published(fabric['published'], len(others))
    groups = [('reductions and gathers', pd.concat([others, points], ignore_index=True),
               ring_protocols(fabric), 1.095)]
    if (table['op'] == 'alltoall').any():
        groups.append(('all-to-all', table[table['op'] == 'alltoall'], direct_protocols(), None))
    if 'island' not in fabric:  # engines leave PCIe to the library beyond two devices
        engines = engine_rows(folder, fabric['systems'])
        groups.append(('engine all-reduce', engines, engine_protocols(), None))
    transfers = transfer_rows(folder, name)
    if transfers is not None:
        groups.append(('send and receive', transfers, transfer_protocols(COPIES.get(name, .99)), None))
    result, residuals = [], []
    for title, rows, (protocols, start, low, high), limit in groups:
        x = fit(fabric, protocols, rows, start, low, high, limit)
        if 'island' in fabric and isinstance(fabric['island'][1], int):
            fabric['island'] = (fabric['island'][0], float(x[fabric['island'][1]]))
        if name == 'pcie5-x8':  # LL and LL128 are NCCL's names
            protocols = [Protocol(p.algorithm, **p.fields) for p in protocols]
        result += numbers(protocols, x)
        predicted = times(fabric, protocols, rows, x)
        residuals += [(title,) + line for line in residual_table(rows, predicted)]
    return result, residuals


def profiles(folder):
    """(name, fabric, rows) of independent tables that are compared, not fitted."""
    apex = pd.read_csv(os.path.join(folder, 'apex/collectives.csv'))
    apex = apex[(apex['num_nodes'] == 1) & (apex['dtype'] == 'half') & (apex['op'] != 'sendrecv')
                & (apex['size(kb)'] > 0)]
    for gpu in ('H100-SXM-80GB', 'H200'):
        part = apex[apex['gpu'] == gpu]
        yield 'apex ' + gpu, 'nvlink4', pd.DataFrame(
            dict(op=part['op'], n=part['num_gpus_per_node'], bytes=part['size(kb)'] * 1024.0,
                 seconds=part['time(us)'] * US, only=''))
    vidur = pd.read_csv(os.path.join(folder, 'vidur/network.csv.xz'))
    vidur = vidur[(vidur['ranks'] == 1) & (vidur['op'] == 'all_reduce')
                  & (vidur['workers'] == vidur['devices_per_node'])]
    for topology, fabric in (('a100_dgx', 'nvlink3'), ('h100_dgx', 'nvlink4')):
        part = vidur[vidur['topology'] == topology]
        yield 'vidur ' + topology, fabric, pd.DataFrame(
            dict(op=part['op'], n=part['workers'], bytes=part['size'] * 1.0,
                 seconds=part['min_ms'] * 1e-3, only=''))


def compare(fitted, folder):
    print('## tables that were not fitted')
    print('| table | size | rows | median error | 90th percentile |\n|---|---|---|---|---|')
    for title, name, rows in profiles(folder):
        if name not in fitted:
            continue
        kept = [p for p in fitted[name] if not p.algorithm.endswith('_shot')]
        predicted = times(FABRICS[name], kept, rows, [])
        for size, count, median, p90 in residual_table(rows, predicted):
            print('| %s | %s | %d | %.1f %% | %.1f %% |'
                  % (title, size, count, 100 * median, 100 * p90))


# The same links in another number, or without a switch: the entry takes its relative's protocols.
RELATIVES = {'nvlink3': ['nvlink3-a800', 'nvlink3-bridge'],
             'nvlink4': ['nvlink4-h800', 'nvlink4-bridge'], 'nvlink5-nvl72': ['nvlink6']}


def write_entry(path, lines, island):
    text_ = open(path).read()
    # What was not fitted here stays.
    fitted = {re.search(r'"(\w+)"', line).group(1) for line in lines}
    lines = lines + [line for line in re.findall(r'(?m)^protocol \{[^\n]*\}$', text_)
                     if re.search(r'"(\w+)"', line).group(1) not in fitted]
    text_, count = re.subn(r'(?m)(^protocol \{[^\n]*\}\n)+', '\n'.join(lines) + '\n', text_, count=1)
    if count != 1:
        raise SystemExit('%s: no block of protocols to replace' % path)
    if island:
        text_ = re.sub(r'(?m)^island_bandwidth_ratio: .*$',
                       'island_bandwidth_ratio: %.3g' % island[1], text_)
    open(path, 'w').write(text_)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('--measured', required=True, help='folder of measured tables')
    parser.add_argument('--write', help='folder of fabric entries to put the protocols into')
    parser.add_argument('--only', help='one fabric')
    args = parser.parse_args()
    fitted = {}
    for name, fabric in FABRICS.items():
        if args.only and name != args.only:
            continue
        protocols, residuals = fit_fabric(name, fabric, args.measured)
        fitted[name] = [Protocol(algorithm, **values) for algorithm, _, values in protocols]
        lines = [text(*protocol) for protocol in protocols]
        print('## %s\n' % name + '\n'.join(lines))
        if 'island' in fabric:
            print('island_bandwidth_ratio: %.3g' % fabric['island'][1])
        print('| operation | size | rows | median error | 90th percentile |\n|---|---|---|---|---|')
        for title, size, count, median, p90 in residuals:
            print('| %s | %s | %d | %.1f %% | %.1f %% |' % (title, size, count, 100 * median, 100 * p90))
        if args.write:
            for entry in [name] + RELATIVES.get(name, []):
                path = os.path.join(args.write, entry + '.textproto')
                bridge = entry.endswith('-bridge')
                # Bridged cards have no switch, and transfers of their own.
                kept = [line for line in lines
                        if not (bridge and ('"in_switch"' in line or '"send_recv"' in line))]
                write_entry(path, kept, fabric.get('island'))
    compare(fitted, args.measured)


if __name__ == '__main__':
    main()
