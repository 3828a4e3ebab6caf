"""Tests of scripts/calibrate: python3 -m unittest discover -s tests/scripts -p '*_test.py'"""

import csv
import importlib.util
import io
import json
import lzma
import os
import sys
import tempfile
import types
import unittest
from contextlib import redirect_stderr, redirect_stdout

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path[:0] = [HERE, os.path.join(ROOT, "scripts", "calibrate")]

import fake_torch
import measure
import points
import suites
import tables
import timing

HAS_NUMPY = importlib.util.find_spec("numpy") is not None


class PointsTest(unittest.TestCase):
    def test_training_layouts_do_the_same_work(self):
        forward, dgrad, wgrad = points.training("bf16", [(4096, 1024)], [512])
        self.assertEqual((forward.m, forward.n, forward.k), (512, 4096, 1024))  # y[t,out] = x[t,in] w[out,in]^T
        self.assertEqual((dgrad.m, dgrad.n, dgrad.k), (512, 1024, 4096))        # dx[t,in] = dy[t,out] w[out,in]
        self.assertEqual((wgrad.m, wgrad.n, wgrad.k), (4096, 1024, 512))        # dw[out,in] = dy[t,out]^T x[t,in]
        self.assertEqual({p.flops for p in (forward, dgrad, wgrad)}, {2 * 512 * 4096 * 1024})

    def test_gemm_bytes_by_format(self):
        self.assertEqual(points.Gemm("", "bf16", "nt", 2, 3, 5).bytes, 2 * (10 + 15 + 6))
        self.assertEqual(points.Gemm("", "fp8", "nt", 2, 3, 5).bytes, 10 + 15 + 2 * 6)
        self.assertEqual(points.Gemm("", "int8", "nt", 2, 3, 5).bytes, 10 + 15 + 4 * 6)

    def test_attention_work(self):
        fields = dict(dtype="bf16", causal=0, batch=2, heads=4, kv_heads=2, query_tokens=8, kv_tokens=8, head_dim=16)
        forward = points.Attention("flash", "forward", **fields)
        self.assertEqual(forward.flops, 2 * (2 * 2 * 4 * 8 * 8 * 16))  # two products of 2 m n k, 2 x 4 heads
        self.assertEqual(points.Attention("flash", "backward", **fields).flops, 2.5 * forward.flops)
        self.assertEqual(points.Attention("flash", "forward", **{**fields, "causal": 1}).flops, forward.flops / 2)
        query, key = 2 * 2 * 8 * 4 * 16, 2 * 2 * 8 * 2 * 16
        self.assertEqual(forward.bytes, 2 * query + 2 * key)

    def test_layer_parameters_of_published_models(self):
        # GPT-3: 96 layers of 12 h^2 are 174 of its 175 billion (Brown 2020, table 2.1).
        gpt = points.Layer("gpt", "eager", 12288, 96, 96, 49152, 1, 2048, 0.0)
        self.assertEqual(gpt.parameters, 12 * 12288 ** 2)
        # Llama 3 8B: 32 layers and two 128256 x 4096 embeddings make 8.03e9 (its model card).
        llama = points.Layer("llama", "eager", 4096, 32, 8, 14336, 1, 8192, 0.0)
        self.assertAlmostEqual(32 * llama.parameters + 2 * 128256 * 4096, 8.03e9, delta=0.01e9)

    def test_no_point_twice_and_formats_keep_their_rules(self):
        for name, suite in suites.SUITES.items():
            listed = suite.points()
            self.assertEqual(len(listed), len(set(listed)), name)
        for p in points.gemm_points():
            if p.dtype in ("fp8", "fp8_rowwise", "int8"):  # what cuBLASLt asks of 8-bit operands
                self.assertEqual((p.layout, p.m % 16, p.n % 16, p.k % 16), ("nt", 0, 0, 0))
            if p.dtype == "int8":
                self.assertGreater(p.m, 16)


class TablesTest(unittest.TestCase):
    def test_round_trip_with_four_digits(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "t.csv")
            tables.write_csv(path, [{"name": "a", "n": 123456789, "time_s": 0.0000123456}])
            with open(path, encoding="utf-8") as source:
                self.assertEqual(source.read(), "name,n,time_s\na,123456789,1.235e-05\n")
            self.assertEqual(tables.read_csv(path), [{"name": "a", "n": 123456789, "time_s": 1.235e-05}])
            self.assertEqual(os.listdir(folder), ["t.csv"])

    def test_refuses_what_would_break_a_reader(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "t.csv")
            with self.assertRaisesRegex(ValueError, "columns"):
                tables.write_csv(path, [{"a": 1}, {"b": 1}])
            with self.assertRaisesRegex(ValueError, "quoting"):
                tables.write_csv(path, [{"a": "x,y"}])
            self.assertEqual(os.listdir(folder), [])
            with open(path, "w", encoding="utf-8") as out:
                out.write("a,b\n1\n")
            with self.assertRaisesRegex(ValueError, ":2: expected 2 columns"):
                tables.read_csv(path)


class TimerTest(unittest.TestCase):
    def test_time_is_the_kernels_own(self):
        torch = fake_torch.install()
        timer = timing.Timer(torch)
        one, three = fake_torch.Clock.tick, lambda: fake_torch.Clock.tick(3)
        for calls, kernels in (([one], 1), ([three], 3), ([one, three], 2)):
            for graph, method in ((True, "graph"), (False, "eager")):
                got = timer.time(calls, graph)
                self.assertAlmostEqual(got.time_s, kernels * fake_torch.KERNEL_S, places=12)
                self.assertEqual(got.method, method)

    def test_what_cannot_be_captured_is_timed_eagerly(self):
        torch = fake_torch.install()

        def refuses():
            if fake_torch.Clock.recording is not None:
                raise RuntimeError("operation not permitted when stream is capturing")
            fake_torch.Clock.tick()

        self.assertEqual(timing.Timer(torch).time([refuses]).method, "eager")

    def test_operands_take_turns_beyond_the_cache(self):
        pool = timing.Pool(fake_torch.install(), 1 << 20, l2_bytes=60_000_000)
        self.assertEqual(pool.sets(1e9), 1)
        self.assertEqual(pool.sets(20e6), 9)   # 180 MB, three times the cache
        self.assertEqual(pool.sets(100), timing.MAX_SETS)
        self.assertEqual(pool.take((4, 8), "bf16").shape, (4, 8))
        self.assertEqual(pool.take((1 << 20,), "fp32").shape, (1 << 20,))  # larger than the pool


class FakeNvml(types.ModuleType):
    NVML_CLOCK_SM, NVML_CLOCK_MEM, NVML_TEMPERATURE_GPU = 1, 2, 0
    NVMLError = type("NVMLError", (Exception,), {})

    def __getattr__(self, name):
        readings = {"nvmlDeviceGetPowerUsage": 300_000, "nvmlDeviceGetUUID": b"GPU-0000-11",
                    "nvmlDeviceGetClockInfo": 1980, "nvmlDeviceGetEnforcedPowerLimit": 700_000,
                    "nvmlDeviceGetTemperature": 50, "nvmlSystemGetDriverVersion": "1.2", "nvmlInit": None,
                    "nvmlDeviceGetHandleByIndex": "handle"}
        if name not in readings:
            raise AttributeError(name)
        return lambda *_: readings[name]


class MeasureTest(unittest.TestCase):
    def run_kit(self, *arguments):
        fake_torch.install()
        sys.modules["pynvml"] = FakeNvml("pynvml")
        self.addCleanup(sys.modules.pop, "pynvml")
        error = io.StringIO()
        with redirect_stderr(error), redirect_stdout(io.StringIO()):
            code = measure.main(list(arguments))
        return code, error.getvalue()

    def test_every_point_of_every_kernel_suite_leaves_a_row(self):
        names = [name for name in suites.SUITES if name not in ("power", "launch")]
        with tempfile.TemporaryDirectory() as folder:
            code, error = self.run_kit("--out", folder, "--suites", ",".join(names), "--budget-s", "600")
            self.assertEqual((code, error), (0, ""))
            self.assertEqual(tables.read_csv(os.path.join(folder, "skipped.csv")), [])
            for name in names:
                rows = tables.read_csv(os.path.join(folder, f"{name}.csv"))
                self.assertEqual(len(rows), len(suites.SUITES[name].points()), name)
            with open(os.path.join(folder, "device.json"), encoding="utf-8") as source:
                device = json.load(source)
            self.assertEqual((device["multiprocessors"], device["power_limit_w"]), (132, 700.0))
            single = tables.read_csv(os.path.join(folder, "gemm.csv"))[0]
            self.assertAlmostEqual(single["time_s"], fake_torch.KERNEL_S)

    def test_every_launch_and_every_activity_runs(self):
        torch = fake_torch.install()
        pool = timing.Pool(torch, 1 << 30, 60_000_000)
        context = suites.Context(torch, timing.Timer(torch), pool, None)
        for point in points.launch_points():
            self.assertEqual(suites.measure_launch(context, point)["calls"], suites.HOST_CALLS)
        for point in points.power_points():
            if not point.activity.startswith("idle"):
                calls, flops, moved = suites.activity_work(context, point.activity)
                calls[0]()
                self.assertTrue(flops or moved or point.activity == "launch_bound", point.activity)

    def test_power_without_an_energy_counter(self):
        sys.modules["pynvml"] = FakeNvml("pynvml")
        self.addCleanup(sys.modules.pop, "pynvml")
        import board
        row = board.watch_idle(board.Board(), 0.12)
        self.assertEqual((row["power_w"], row["power_from"], row["sm_clock_hz"]), (300.0, "samples", 1_980_000_000))

    def test_a_spent_budget_keeps_the_tables_and_says_so(self):
        with tempfile.TemporaryDirectory() as folder:
            code, _ = self.run_kit("--out", folder, "--suites", "gemm", "--budget-s", "1e-9")
            skipped = tables.read_csv(os.path.join(folder, "skipped.csv"))
        self.assertEqual(code, 0)
        self.assertEqual(skipped[0]["reason"], "time budget")

    def test_refused_points_are_listed(self):
        rows, skipped = [], []
        context = suites.Context(fake_torch.install(), None, None, None)
        refuse = suites.Suite(lambda: [points.Transfer("copy", 4)], lambda *_: self.refusal(), 1.0)
        measure.run_suite("memory", refuse, context, float("inf"), False, measure.Progress(), rows, skipped)
        self.assertEqual(rows, [])
        self.assertEqual(skipped[0]["reason"], "RuntimeError: not here; sorry")

    @staticmethod
    def refusal():
        raise RuntimeError("not here, sorry\nsecond line")

    def test_bad_flags(self):
        for arguments, words in ((["--out", "x", "--suites", "gem"], "unknown suite 'gem'"),
                                 (["--out", "x", "--budget-s", "0"], "must be above 0"), ([], "--out DIR is needed")):
            error = io.StringIO()
            with redirect_stderr(error), self.assertRaises(SystemExit) as left:
                measure.main(arguments)
            self.assertEqual(left.exception.code, 2)
            self.assertIn(words, error.getvalue())


@unittest.skipUnless(HAS_NUMPY, "numpy is absent")
class FitTest(unittest.TestCase):
    """Tables made from the model's formulas give the model's parameters back."""

    FACTS = {"peak": {"BF16": 1000e12, "FP8": 2000e12}, "tdp_w": 700.0, "memory_bandwidth_bytes_per_s": 4.8e12}

    def fitted(self, **by_name):
        import fit
        with tempfile.TemporaryDirectory() as folder:
            for name, rows in by_name.items():
                tables.write_csv(os.path.join(folder, f"{name}.csv"), rows)
            return fit.fit(folder, self.FACTS)

    def row(self, point, time_s):
        return {**suites.work_row(point), "time_s": time_s, "spread_ratio": 0.0, "method": "graph"}

    def test_gemm_ramp(self):
        rate, k_half = 800e12, 160
        ramp = [p for p in points.k_ramp("bf16") if p.k >= 512]
        out = self.fitted(gemm=[self.row(p, 2.0 * p.m * p.n * (p.k + k_half) / rate) for p in ramp])
        self.assertAlmostEqual(out.value("gemm_asymptotic_flops_per_s", "bf16") / rate, 1.0, places=2)
        self.assertAlmostEqual(out.value("gemm_k_half", "bf16") / k_half, 1.0, places=1)
        self.assertAlmostEqual(out.value("gemm_asymptotic_efficiency_ratio", "bf16"), 0.8, places=2)

    def test_memory_start_and_bandwidth(self):
        copies = [points.Transfer("copy", s << 20) for s in (1, 16, 256, 4096)]
        out = self.fitted(memory=[self.row(p, 2e-6 + p.bytes / 4.2e12) for p in copies])
        self.assertAlmostEqual(out.value("memory_bandwidth_bytes_per_s", "copy") / 4.2e12, 1.0, places=2)
        self.assertAlmostEqual(out.value("memory_start_s", "copy") * 1e6, 2.0, places=2)
        self.assertAlmostEqual(out.value("memory_bandwidth_efficiency_ratio", "copy"), 4.2 / 4.8, places=2)

    def test_attention_ramp(self):
        chosen = [p for p in points.attention_points("backward") if p.backend == "flash" and p.head_dim == 128
                  and p.causal and p.heads == 32 and not p.dropout_ratio and p.dtype == "bf16"]
        rows = [self.row(p, p.flops / 600e12 * (1 + 900 / p.query_tokens)) for p in chosen]
        out = self.fitted(attention_backward=rows)
        variant = "flash/bf16/d128/causal"
        self.assertAlmostEqual(out.value("attention_backward_flops_per_s", variant) / 600e12, 1, places=2)
        self.assertAlmostEqual(out.value("attention_backward_tokens_half", variant) / 900, 1, places=2)

    def test_published_h200_rate(self):
        """Real timings of an H200 give the published rate of its large BF16 products, 790e12 flops/s, within 10 %."""
        shared = os.environ.get("FLEETSIM_SHARED", os.path.join(ROOT, "..", "shared"))
        path = os.path.join(shared, "measured", "aiconfigurator", "gemm_h200_sxm.csv.xz")
        if not os.path.exists(path):
            self.skipTest(f"{path} is absent")
        rows = []
        with lzma.open(path, "rt", encoding="utf-8") as source:
            for r in csv.DictReader(source):
                if (r["stack"], r["dtype"]) == ("trtllm-1.3.0rc20", "bfloat16"):
                    point = points.Gemm("training", "bf16", "nt", int(r["m"]), int(r["n"]), int(r["k"]))
                    rows.append(self.row(point, float(r["lat_us"]) * 1e-6))
        out = self.fitted(gemm=rows)
        self.assertAlmostEqual(out.value("gemm_large_flops_per_s", "bf16") / 790e12, 1.0, delta=0.1)

    def test_power_fields(self):
        import fit
        idle = suites.power_row("idle", {"power_w": 75.0}, 0, 0, 0, 700.0)
        busy = suites.power_row("gemm_bf16_large", {"power_w": 700.0}, 500, 1e12, 1, 700.0)
        out = self.fitted(power=[idle, busy])
        text = fit.textproto(out, self.FACTS, {"name": "G", "driver": "1", "torch": "2"}, 2026)
        self.assertIn("idle_w: 75\nmatrix_power_ratio: 1\n", text)
        self.assertIn("kind: MEASURED", text)

    def test_reads_a_catalog_entry(self):
        import fit
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "a.textproto")
            with open(path, "w", encoding="utf-8") as out:
                out.write("# peak { dtype: FP4 flops_per_s: 1 }\npeak {\n  dtype: BF16\n  flops_per_s: 9.89e14\n}\n"
                          "peak { dtype: FP8, flops_per_s: 1.979e15 }\ntdp_w: 700\n")
            facts = fit.catalog_facts(path)
        self.assertEqual(facts["peak"], {"BF16": 9.89e14, "FP8": 1.979e15})
        self.assertEqual((facts["tdp_w"], facts["memory_bandwidth_bytes_per_s"]), (700.0, None))

    def test_command_writes_the_table_and_refuses_an_empty_folder(self):
        import fit
        with tempfile.TemporaryDirectory() as folder:
            with redirect_stderr(io.StringIO()) as error:
                self.assertEqual(fit.main([folder, "--out", folder]), 2)
            self.assertIn("none of", error.getvalue())
            copies = [points.Transfer("copy", s << 20) for s in (1, 16, 256)]
            tables.write_csv(os.path.join(folder, "memory.csv"), [self.row(p, p.bytes / 4e12) for p in copies])
            self.assertEqual(fit.main([folder, "--out", folder]), 0)
            with open(os.path.join(folder, "efficiencies.csv"), encoding="utf-8") as source:
                self.assertEqual(next(csv.DictReader(source))["parameter"], "memory_bandwidth_bytes_per_s")


if __name__ == "__main__":
    unittest.main()
