"""The shipped request traces are what their script writes."""

import importlib.util
import pathlib
import random
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]


def load():
    path = ROOT / "scripts" / "sample_traces.py"
    spec = importlib.util.spec_from_file_location("sample_traces", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class SampleTraces(unittest.TestCase):
    def test_files_are_the_scripts(self):
        script = load()
        for seed, (name, rows) in enumerate(script.SAMPLES.items(), 1):
            text = "".join(row + "\n" for row in rows(random.Random(seed)))
            written = (ROOT / "workloads" / "traces" / name).read_text(encoding="utf-8")
            self.assertEqual(text, written, name)

    def test_equal_ids_are_equal_prefixes(self):
        blocks = load().Blocks(4)
        first = blocks.of([("a", 6), ("b", 4)])
        same = blocks.of([("a", 6), ("b", 2), ("c", 4)])
        other = blocks.of([("c", 4), ("a", 2), ("b", 2)])
        self.assertEqual(first[:2], same[:2])  # aaaa aabb
        self.assertNotEqual(first[2], same[2])
        self.assertTrue(set(first).isdisjoint(other))


if __name__ == "__main__":
    unittest.main()
