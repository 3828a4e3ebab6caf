"""The board's own sensors, through NVML: power, energy, clocks, temperature. Works before CUDA is initialised."""

import statistics
import threading
import time

POWER_INSTANT_FIELD = 186  # NVML_FI_DEV_POWER_INSTANT; nvmlDeviceGetPowerUsage averages over a second since Ampere
SETTLE_S = 1.0
SAMPLE_S = 0.05


class Board:
    def __init__(self, index=0):
        import pynvml
        self.nvml = pynvml
        pynvml.nvmlInit()
        self.handle = pynvml.nvmlDeviceGetHandleByIndex(index)

    def optional(self, name, *arguments):
        """A reading that some boards or drivers do not offer: None there."""
        try:
            value = getattr(self.nvml, name)(self.handle, *arguments)
        except (self.nvml.NVMLError, AttributeError):
            return None
        return value.decode() if isinstance(value, bytes) else value

    def uuid(self):
        return self.optional("nvmlDeviceGetUUID")

    def power_w(self):
        try:
            field = self.nvml.nvmlDeviceGetFieldValues(self.handle, [POWER_INSTANT_FIELD])[0]
            if field.nvmlReturn == 0 and field.value.uiVal:
                return field.value.uiVal / 1e3
        except (self.nvml.NVMLError, AttributeError):
            pass
        return self.nvml.nvmlDeviceGetPowerUsage(self.handle) / 1e3

    def energy_j(self):
        millijoules = self.optional("nvmlDeviceGetTotalEnergyConsumption")
        return None if millijoules is None else millijoules / 1e3

    def clock_hz(self, kind, of="nvmlDeviceGetClockInfo"):
        megahertz = self.optional(of, getattr(self.nvml, f"NVML_CLOCK_{kind}"))
        return None if megahertz is None else megahertz * 1_000_000

    def temperature_celsius(self):
        return self.optional("nvmlDeviceGetTemperature", self.nvml.NVML_TEMPERATURE_GPU)

    def limit_reasons(self):
        """NVML's bit mask of what holds the clock down: 4 is the power cap, 32 and 64 are temperature."""
        reasons = self.optional("nvmlDeviceGetCurrentClocksEventReasons")
        return self.optional("nvmlDeviceGetCurrentClocksThrottleReasons") if reasons is None else reasons

    def describe(self):
        limit = self.optional("nvmlDeviceGetEnforcedPowerLimit")
        driver = self.nvml.nvmlSystemGetDriverVersion()
        return {
            "driver": driver.decode() if isinstance(driver, bytes) else driver,
            "power_limit_w": None if limit is None else limit / 1e3,
            "sm_clock_max_hz": self.clock_hz("SM", "nvmlDeviceGetMaxClockInfo"),
            "memory_clock_max_hz": self.clock_hz("MEM", "nvmlDeviceGetMaxClockInfo"),
            "pcie_generation": self.optional("nvmlDeviceGetCurrPcieLinkGeneration"),
            "pcie_lanes": self.optional("nvmlDeviceGetCurrPcieLinkWidth"),
        }


class Watch:
    """Samples the board in a thread; `row()` summarises what lay between `begin()` and `end()`."""

    def __init__(self, board):
        self.board = board
        self.samples = []
        self.stopping = threading.Event()
        self.thread = threading.Thread(target=self._sample, daemon=True)
        self.start = self.finish = None

    def begin(self):
        self.start = (time.perf_counter(), self.board.energy_j())
        self.thread.start()

    def end(self):
        self.stopping.set()
        self.thread.join()
        self.finish = (time.perf_counter(), self.board.energy_j())

    def _sample(self):
        while not self.stopping.is_set():
            self.samples.append((self.board.power_w(), self.board.clock_hz("SM"), self.board.clock_hz("MEM"),
                                 self.board.temperature_celsius(), self.board.limit_reasons()))
            self.stopping.wait(SAMPLE_S)

    def row(self):
        """Mean power from the energy counter where the board has one, from the samples elsewhere."""
        window_s = self.finish[0] - self.start[0]
        powers = [s[0] for s in self.samples]
        counted = None not in (self.start[1], self.finish[1])
        reasons = 0
        for sample in self.samples:
            reasons |= sample[4] or 0
        median = lambda column: int(statistics.median(s[column] or 0 for s in self.samples))
        return {
            "power_w": (self.finish[1] - self.start[1]) / window_s if counted else statistics.mean(powers),
            "power_from": "energy_counter" if counted else "samples",
            "power_median_w": float(statistics.median(powers)), "power_min_w": min(powers), "power_max_w": max(powers),
            "sm_clock_hz": median(1), "memory_clock_hz": median(2), "temperature_celsius": median(3),
            "limit_reasons": reasons, "window_s": window_s,
        }


def watch_idle(board, window_s, sleep=time.sleep):
    watch = Watch(board)
    watch.begin()
    sleep(window_s)
    watch.end()
    return watch.row()
