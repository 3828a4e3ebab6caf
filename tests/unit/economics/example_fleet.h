// A fleet of round numbers that a test can do the sums of by hand.
#ifndef TESTS_UNIT_ECONOMICS_EXAMPLE_FLEET_H_
#define TESTS_UNIT_ECONOMICS_EXAMPLE_FLEET_H_

#include <utility>

#include "sim/economics/economics.h"

namespace fleetsim {

// `hosts` servers of 8 accelerators under one leaf on one site, and a step of one hour that uses
// all of them, half of it in matrix products and half of it idle. Not copyable: the fleet points
// into the catalog.
struct ExampleFleet {
  Catalog catalog;
  Fleet fleet;
  StepResult step;
  EconomicsOptions options;
  EconomicsInput input;

  explicit ExampleFleet(int hosts = 1) {
    Accelerator& accelerator = catalog.accelerators["acme-1"];
    accelerator.name = "acme-1";
    accelerator.tdp = Watts(1000);
    accelerator.idle = Watts(100);
    accelerator.matrix_power = 0.9;
    accelerator.attention_power = 0.8;
    accelerator.memory_power = 0.6;
    accelerator.network_power = 0.3;
    accelerator.waiting_power = 0.0;
    accelerator.price_usd.typical = 30000;
    accelerator.rental_usd_per_h.typical = 2.5;

    Server& server = catalog.servers["acme-server"];
    server.name = "acme-server";
    server.overhead_idle = Watts(1000);
    server.overhead_max = Watts(3000);
    server.base_price = Usd(60000);
    server.rack_units = 8;

    Fabric& fabric = catalog.fabrics["acme-net"];
    fabric.name = "acme-net";
    fabric.port_power = Watts(25);
    fabric.port_price = Usd(2500);

    Region& region = catalog.regions["acme-land"];
    region.name = "acme-land";
    region.electricity_usd_per_kwh = 0.10;
    region.carbon_g_per_kwh = 500;

    Prices& prices = catalog.prices["default"];
    prices.name = "default";
    prices.depreciation_years = 4;
    prices.hosting_usd_per_kw_month = 150;
    prices.maintenance_ratio_per_year = 0.05;
    prices.storage_per_accelerator = Usd(100);
    prices.rack_power = Watts(40000);
    prices.rack_floor_space_m2 = 2.5;

    Leaf leaf;
    leaf.id = "leaf0";
    leaf.accelerator = &accelerator;
    leaf.server = &server;
    leaf.scale_out = &fabric;
    leaf.accelerators = 8;
    leaf.nics = 8;
    fleet.sites.push_back({"site0", &region, 1.2, ""});
    fleet.leaves.push_back(std::move(leaf));
    for (int i = 0; i < hosts; ++i) fleet.hosts.push_back({"host", 0});

    step.duration = Seconds(kSecondsPerHour);
    step.activities[static_cast<int>(Activity::kMatrix)] = Seconds(kSecondsPerHour / 2);
    step.activities[static_cast<int>(Activity::kIdle)] = Seconds(kSecondsPerHour / 2);
    step.tokens = 1e6;
    step.accelerators = 8 * hosts;

    input.step = &step;
    input.fleet = &fleet;
    input.catalog = &catalog;
    input.tokens = 24e6;  // a day
  }
  ExampleFleet(const ExampleFleet&) = delete;
  ExampleFleet& operator=(const ExampleFleet&) = delete;

  Accelerator& accelerator() { return catalog.accelerators["acme-1"]; }
  Server& server() { return catalog.servers["acme-server"]; }
  Fabric& fabric() { return catalog.fabrics["acme-net"]; }
  Prices& prices() { return catalog.prices["default"]; }
  absl::StatusOr<EconomicsResult> Compute() const { return ComputeEconomics(input, options); }
};

}  // namespace fleetsim

#endif  // TESTS_UNIT_ECONOMICS_EXAMPLE_FLEET_H_
