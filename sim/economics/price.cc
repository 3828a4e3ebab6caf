#include "sim/economics/price.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "sim/economics/shares.h"

namespace fleetsim {
namespace {

constexpr const char* kServerShareSource = "Cottier et al. 2024, arXiv 2405.21015";

std::string PriceText(absl::string_view what, double value, const PriceRange& range,
                      absl::string_view unit) {
  std::string spread;
  if (range.low && range.high) {
    spread = absl::StrFormat(", between %.6g and %.6g", *range.low, *range.high);
    if (!range.typical) spread = absl::StrCat(" (geometric mean)", spread);
  } else if (!range.typical) {
    spread = range.low ? " (low end, the only one known)" : " (high end, the only one known)";
  }
  return absl::StrFormat("%s: %.6g %s%s", what, value, unit, spread);
}

// The catalog's price of one accelerator, with its note.
std::optional<double> CatalogPrice(const Accelerator& accelerator, Notes& notes) {
  const std::optional<double> price = TypicalPrice(accelerator.price_usd);
  if (price) {
    notes.Cite(PriceText(absl::StrCat("price of ", accelerator.name), *price, accelerator.price_usd,
                         "USD"),
               accelerator.evidence, "price_usd");
  }
  return price;
}

// Price of the whole domain with its accelerators where it is quoted as one.
std::optional<double> QuotedDomain(const Leaf& leaf, const EconomicsOptions& options,
                                   Notes& notes) {
  if (options.server_price_usd) {
    notes.State(
        absl::StrFormat("price of a server with accelerators: %.6g USD", *options.server_price_usd),
        "--server-price-usd");
    return options.server_price_usd;
  }
  if (leaf.server == nullptr) return std::nullopt;
  const std::optional<double> quoted = TypicalPrice(leaf.server->price_usd);
  if (quoted) {
    notes.Cite(PriceText(absl::StrCat("price of server ", leaf.server->name, " with accelerators"),
                         *quoted, leaf.server->price_usd, "USD"),
               leaf.server->evidence, "price_usd");
  }
  return quoted;
}

// A domain without accelerators, from whatever is known: its own price, the rest of the quoted
// domain, or the usual ratio.
std::optional<double> BasePrice(const Leaf& leaf, std::optional<double> quoted,
                                std::optional<double> accelerators, Notes& notes) {
  if (leaf.server != nullptr && leaf.server->base_price > Usd(0)) {
    notes.Cite(absl::StrFormat("price of server %s without accelerators: %.6g USD",
                               leaf.server->name, leaf.server->base_price.value()),
               leaf.server->evidence, "base_price_usd");
    return leaf.server->base_price.value();
  }
  if (!accelerators) return std::nullopt;
  if (quoted && *quoted > *accelerators) return *quoted - *accelerators;
  notes.Assume(absl::StrFormat("servers without accelerators cost %.2f of their accelerators",
                               kAssumedServerPriceRatio),
               "assumed", kServerShareSource);
  return kAssumedServerPriceRatio * *accelerators;
}

// Splits a quoted domain price into accelerators, whose own price may be unknown, and the rest.
DomainPrice Split(double quoted, std::optional<double> accelerators, const Leaf& leaf,
                  Notes& notes) {
  if (!accelerators) {
    notes.Assume(absl::StrFormat("servers with %s: accelerators are 1/%.2f of the price",
                                 leaf.accelerator->name, 1 + kAssumedServerPriceRatio),
                 "assumed", kServerShareSource);
  } else if (*accelerators > quoted) {
    notes.Assume(absl::StrCat("the price of a server with its ", leaf.accelerator->name,
                              " holds; it is below that of the accelerators alone"),
                 "assumed", "prices of different dates and volumes");
  }
  const double share =
      std::min(accelerators.value_or(quoted / (1 + kAssumedServerPriceRatio)), quoted);
  return {Usd(share), Usd(quoted - share), std::nullopt};
}

DomainPrice HardwarePrice(const Leaf& leaf, const EconomicsOptions& options, Notes& notes) {
  const double count = leaf.accelerators;
  std::optional<double> known = CatalogPrice(*leaf.accelerator, notes);
  if (known) known = *known * count;
  const std::optional<double> quoted = QuotedDomain(leaf, options, notes);
  if (options.accelerator_price_usd && !options.server_price_usd) {
    notes.State(
        absl::StrFormat("price of an accelerator: %.6g USD", *options.accelerator_price_usd),
        "--accelerator-price-usd");
    const double chosen = *options.accelerator_price_usd * count;
    const auto base = BasePrice(leaf, quoted, known ? known : chosen, notes);
    return {Usd(chosen), Usd(base.value_or(0.0)), std::nullopt};
  }
  if (quoted) return Split(*quoted, known, leaf, notes);
  if (!known) {
    notes.Miss("cost of owning",
               absl::StrCat("no price of accelerator ", leaf.accelerator->name,
                            " is known: give --accelerator-price-usd or --server-price-usd"));
    return {};
  }
  return {Usd(*known), Usd(BasePrice(leaf, quoted, known, notes).value_or(0.0)), std::nullopt};
}

std::optional<Usd> NetworkPrice(const Leaf& leaf, const EconomicsOptions& options,
                                const DomainPrice& hardware, Notes& notes) {
  const double ports = NetworkPorts(leaf);
  if (ports == 0) return Usd(0);
  if (options.network_usd_per_port) {
    notes.State(absl::StrFormat("network: %.6g USD a port", *options.network_usd_per_port),
                "--network-usd-per-port");
    return Usd(ports * *options.network_usd_per_port);
  }
  if (leaf.scale_out->port_price > Usd(0)) {
    notes.Cite(absl::StrFormat("network %s: %.6g USD a port", leaf.scale_out->name,
                               leaf.scale_out->port_price.value()),
               leaf.scale_out->evidence, "port_price_usd");
    return ports * leaf.scale_out->port_price;
  }
  if (!hardware.accelerators || !hardware.servers) return std::nullopt;
  notes.Assume(absl::StrFormat("network %s costs %.0f %% of the hardware", leaf.scale_out->name,
                               100 * kAssumedNetworkShare),
               "assumed", kServerShareSource);
  return kAssumedNetworkShare / (1 - kAssumedNetworkShare) *
         (*hardware.accelerators + *hardware.servers);
}

}  // namespace

std::optional<double> TypicalPrice(const PriceRange& range) {
  if (range.typical) return range.typical;
  if (range.low && range.high) return std::sqrt(*range.low * *range.high);
  return range.low ? range.low : range.high;
}

DomainPrice DomainPriceOf(const Leaf& leaf, const EconomicsOptions& options, Notes& notes) {
  DomainPrice price = HardwarePrice(leaf, options, notes);
  price.network = NetworkPrice(leaf, options, price, notes);
  return price;
}

std::optional<UsdPerSecond> RentOf(const Leaf& leaf, const EconomicsOptions& options,
                                   Notes& notes) {
  std::optional<double> per_hour = options.rental_usd_per_h;
  if (per_hour) {
    notes.State(absl::StrFormat("rent of an accelerator: %.4g USD/h", *per_hour),
                "--rental-usd-per-h");
  } else {
    per_hour = TypicalPrice(leaf.accelerator->rental_usd_per_h);
    if (!per_hour) {
      notes.Miss("rent", absl::StrCat("no rent of accelerator ", leaf.accelerator->name,
                                      " is known: give --rental-usd-per-h"));
      return std::nullopt;
    }
    notes.Cite(PriceText(absl::StrCat("rent of ", leaf.accelerator->name), *per_hour,
                         leaf.accelerator->rental_usd_per_h, "USD/h"),
               leaf.accelerator->evidence, "rental_usd_per_h");
  }
  return UsdPerSecond(*per_hour / kSecondsPerHour);
}

}  // namespace fleetsim
