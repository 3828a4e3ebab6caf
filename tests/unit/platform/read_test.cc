// Every way a platform file can be wrong gives one message with file, line, element and remedy.
#include "sim/platform/read.h"

#include <ostream>
#include <utility>
#include <vector>

#include "absl/strings/str_replace.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "sim/platform/leaf_reader.h"
#include "tests/unit/platform/small_catalog.h"

namespace fleetsim {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr char kGood[] = R"(<?xml version='1.0'?>
<!DOCTYPE platform SYSTEM "https://simgrid.org/simgrid.dtd">
<platform version="4.1">
<zone id="here" routing="Floyd">
  <prop id="region" value="nowhere"/>
  <zone id="core" routing="Full"><router id="core_switch"/></zone>
  <cluster id="leaf0" prefix="h-" radical="0-3" suffix="" router_id="leaf0_switch"
           speed="100Tf" core="8" bw="400GBps" lat="1.2us"
           sharing_policy="SPLITDUPLEX" loopback_bw="400GBps" loopback_lat="0.7us">
    <prop id="accelerator" value="big-1"/><prop id="server" value="big-server"/>
    <prop id="fabric" value="fabric-50"/><prop id="nics" value="8"/>
  </cluster>
  <cluster id="leaf1" prefix="h-" radical="4-7" suffix="" router_id="leaf1_switch"
           speed="100Tf" core="8" bw="3.2Tbps" lat="1.2us"
           sharing_policy="SPLITDUPLEX" loopback_bw="400GBps" loopback_lat="0.7us">
    <prop id="accelerator" value="big-1"/><prop id="server" value="big-server"/>
    <prop id="fabric" value="fabric-50"/>
  </cluster>
  <link id="leaf0_uplink" bandwidth="800GBps" latency="0.4us" sharing_policy="SPLITDUPLEX"/>
  <link id="leaf1_uplink" bandwidth="800GBps" latency="0.4us" sharing_policy="SPLITDUPLEX"/>
  <zoneRoute src="leaf0" dst="core" gw_src="leaf0_switch" gw_dst="core_switch">
    <link_ctn id="leaf0_uplink" direction="UP"/></zoneRoute>
  <zoneRoute src="leaf1" dst="core" gw_src="leaf1_switch" gw_dst="core_switch">
    <link_ctn id="leaf1_uplink" direction="UP"/></zoneRoute>
</zone>
</platform>
)";

TEST(Read, Good) {
  const Catalog catalog = SmallCatalog();
  const auto platform = ParsePlatform("p.xml", kGood, catalog);
  ASSERT_TRUE(platform.ok()) << platform.status();
  const Fleet& fleet = platform->fleet;
  EXPECT_EQ(fleet.name, "here");
  EXPECT_EQ(fleet.digest.size(), 16u);
  EXPECT_EQ(fleet.hosts.size(), 8u);
  EXPECT_EQ(fleet.hosts[5].name, "h-5");
  EXPECT_EQ(fleet.leaves[0].line, 7);
  EXPECT_EQ(fleet.leaves[1].nics, 8);  // the server's
  EXPECT_EQ(fleet.leaves[1].nic_bandwidth.value(), 400e9);
  EXPECT_EQ(fleet.leaves[1].uplink_bandwidth.value(), 800e9);
  EXPECT_EQ(fleet.sites[0].pue, 1.3);
  EXPECT_TRUE(platform->notes.empty());
  EXPECT_FALSE(fleet.has_profiles);
}

TEST(Read, SpeedProfilesAreMarked) {
  const Catalog catalog = SmallCatalog();
  const std::string xml =
      absl::StrReplaceAll(kGood, {{"<link id=\"leaf0_uplink\"",
                                   "<trace id=\"t\" periodicity=\"-1\">0 1</trace>\n"
                                   "<trace_connect kind=\"SPEED\" trace=\"t\" element=\"h-2\"/>\n"
                                   "<link id=\"leaf0_uplink\""}});
  const auto platform = ParsePlatform("p.xml", xml, catalog);
  ASSERT_TRUE(platform.ok()) << platform.status();
  EXPECT_TRUE(platform->fleet.has_profiles);
  EXPECT_TRUE(platform->fleet.hosts[2].varying_speed);
  EXPECT_FALSE(platform->fleet.hosts[3].varying_speed);
}

TEST(Read, MissingFile) {
  const auto platform = ReadPlatform("/nowhere/p.xml", SmallCatalog());
  EXPECT_THAT(std::string(platform.status().message()), HasSubstr("/nowhere/p.xml"));
}

// The good file with one thing replaced (the first time it occurs), and what is said of it.
struct Slip {
  const char* name;
  const char* from;
  const char* to;
  const char* message;
};

std::ostream& operator<<(std::ostream& out, const Slip& slip) { return out << slip.name; }

class ReadSlip : public testing::TestWithParam<Slip> {};

TEST_P(ReadSlip, IsReported) {
  const Catalog catalog = SmallCatalog();
  std::string xml = kGood;
  const std::size_t at = xml.find(GetParam().from);
  ASSERT_NE(at, std::string::npos);
  xml.replace(at, std::string(GetParam().from).size(), GetParam().to);
  const auto platform = ParsePlatform("p.xml", xml, catalog);
  ASSERT_FALSE(platform.ok());
  EXPECT_EQ(platform.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(platform.status().message()), HasSubstr(GetParam().message));
}

INSTANTIATE_TEST_SUITE_P(
    All, ReadSlip,
    testing::Values(
        Slip{"NotXml", "</zone>\n</platform>", "</zone", "p.xml:25: is not XML"},
        Slip{"NotAPlatform", "<platform version=\"4.1\">", "<plat>", "is not XML"},
        Slip{"NoDoctype", "<!DOCTYPE platform SYSTEM \"https://simgrid.org/simgrid.dtd\">", "",
             "p.xml:3: <platform>: comes without the document type"},
        Slip{"OldVersion", "\"4.1\"", "\"3\"", "<platform> version: is \"3\"; 4.1"},
        Slip{"UnknownAccelerator", "value=\"big-1\"", "value=\"big-2\"",
             "p.xml:7: <cluster leaf0> prop accelerator: unknown accelerator \"big-2\"; did you "
             "mean \"big-1\"?"},
        Slip{"UnknownServer", "big-server", "bigserver", "unknown server \"bigserver\""},
        Slip{"UnknownFabric", "fabric-50", "fabric-51", "unknown fabric \"fabric-51\""},
        Slip{"UnknownRegion", "nowhere", "somewhere",
             "p.xml:4: <zone here> prop region: unknown region \"somewhere\""},
        Slip{"WrongFabricKind", "value=\"fabric-50\"", "value=\"wan-200\"",
             "\"wan-200\" joins no servers"},
        Slip{"AcceleratorOfAnotherServer", "value=\"big-1\"", "value=\"old-1\"",
             "\"old-1\" does not go into server \"big-server\"; it takes big-1"},
        Slip{"MissingAccelerator", "<prop id=\"accelerator\" value=\"big-1\"/>", "",
             "prop accelerator: is missing"},
        Slip{"MisspeltProperty", "id=\"nics\"", "id=\"nic\"",
             "prop nic: is no property of a leaf; did you mean \"nics\"?"},
        Slip{"CoreAgainstServer", "core=\"8\"", "core=\"16\"",
             "core: is 16; server \"big-server\" has 8 accelerators"},
        Slip{"CoreNotANumber", "core=\"8\"", "core=\"eight\"",
             "core: is \"eight\"; a whole number"},
        Slip{"ZeroCore", "core=\"8\"", "core=\"0\"", "core: is \"0\"; a whole number from 1 on"},
        Slip{"SpeedAbovePeak", "100Tf", "120Tf", "speed: is 120Tf; the BF16 peak of \"big-1\""},
        Slip{"ZeroSpeed", "100Tf", "0Tf", "speed: is 0f"},
        Slip{"NoSpeed", "speed=\"100Tf\"", "", "speed: is missing; for example"},
        Slip{"ScaleUpAgainstServer", "loopback_bw=\"400GBps\"", "loopback_bw=\"450GBps\"",
             "loopback_bw: is 450GBps; one accelerator of \"big-server\" sends 400GBps"},
        Slip{"NoLoopback", "loopback_bw=\"400GBps\"", "", "loopback_bw: is missing"},
        Slip{"NicsAgainstBandwidth", "value=\"8\"", "value=\"4\"",
             "bw: is 400GBps; 4 ports of \"fabric-50\" at 50GBps are 200GBps"},
        Slip{"BitsForBytes", "bw=\"400GBps\"", "bw=\"400Gbps\"", "bw: is 50GBps; 8 ports"},
        Slip{"NegativeBandwidth", "bw=\"400GBps\"", "bw=\"-1GBps\"", "bw: is \"-1GBps\"; not neg"},
        Slip{"NanLatency", "lat=\"1.2us\"", "lat=\"nanus\"", "lat: is \"nanus\"; a number"},
        Slip{"NoUnit", "lat=\"1.2us\"", "lat=\"1.2\"", "lat: is \"1.2\", without a unit"},
        Slip{"ZeroNics", "value=\"8\"", "value=\"0\"", "prop nics: is \"0\""},
        Slip{"HostTwice", "4-7", "3-7", "host \"h-3\" is there twice; the first one is on line 7"},
        Slip{"LeafTwice", "id=\"leaf1\"", "id=\"leaf0\"",
             "p.xml:13: <cluster leaf0>: name \"leaf0\" is there twice"},
        Slip{"RouterTwice", "router_id=\"leaf1_switch\"", "router_id=\"leaf0_switch\"",
             "name \"leaf0_switch\" is there twice"},
        Slip{"LinkTwice", "<link id=\"leaf1_uplink\"", "<link id=\"leaf0_uplink\"",
             "p.xml:20: <link leaf0_uplink>: link \"leaf0_uplink\" is there twice"},
        Slip{"EmptyRadical", "radical=\"0-3\"", "radical=\"\"", "radical: is missing"},
        Slip{"ReversedRadical", "radical=\"0-3\"", "radical=\"3-0\"", "radical: is \"3-0\""},
        Slip{"HugeRadical", "radical=\"0-3\"", "radical=\"0-2000000000\"", "a million hosts"},
        Slip{"MillionsOfHosts", "radical=\"0-3\"", "radical=\"8-1000005\"",
             "radical: makes more than a million hosts"},
        Slip{"ConfigElement", "<zone id=\"here\"", "<config/><zone id=\"here\"",
             "does not consist of one <zone>"},
        Slip{"HalfDuplex", "SPLITDUPLEX", "SHARED", "sharing_policy: is \"SHARED\"; SPLITDUPLEX"},
        Slip{"FatTreeCluster", "core=\"8\"", "core=\"8\" topology=\"FAT_TREE\"",
             "topology: is \"FAT_TREE\"; FLAT"},
        Slip{"PueBelowOne", "id=\"region\" value=\"nowhere\"", "id=\"pue\" value=\"0.9\"",
             "prop pue: is \"0.9\""},
        Slip{"HostElement", "<router id=\"core_switch\"/>", "<host id=\"a\" speed=\"1f\"/>",
             "<host a>: is not understood here; hosts as a <cluster>"},
        Slip{"RouteFromNowhere", "src=\"leaf1\"", "src=\"leaf2\"",
             "src: zone \"here\" has no zone or cluster \"leaf2\"; did you mean"},
        Slip{"RouteOverNoLink", "<link_ctn id=\"leaf1_uplink\" direction=\"UP\"/>", "",
             "<zoneRoute>: has no links"},
        Slip{"RouteOverUnknownLink", "<link_ctn id=\"leaf1_uplink\"",
             "<link_ctn id=\"leaf1_uplik\"",
             "link \"leaf1_uplik\" is not in the file; did you mean \"leaf1_uplink\""},
        Slip{"RouteWithoutDirection", "direction=\"UP\"", "", "direction: is missing; UP or DOWN"},
        Slip{"RouteWithoutGateway", "gw_src=\"leaf0_switch\"", "", "gw_src: is missing"},
        Slip{"ZeroUplink", "bandwidth=\"800GBps\"", "bandwidth=\"0GBps\"", "bandwidth: is zero"},
        Slip{"LeafWithoutRoute",
             "<zoneRoute src=\"leaf1\" dst=\"core\" gw_src=\"leaf1_switch\" "
             "gw_dst=\"core_switch\">\n"
             "    <link_ctn id=\"leaf1_uplink\" direction=\"UP\"/></zoneRoute>",
             "", "p.xml:13: <zone here>: no route joins \"leaf1\" to \"leaf0\"; a <zoneRoute>"}),
    [](const auto& slip) { return slip.param.name; });

TEST(Read, NoHosts) {
  const auto platform = ParsePlatform(
      "p.xml",
      "<!DOCTYPE platform SYSTEM \"https://simgrid.org/simgrid.dtd\">\n<platform version=\"4.1\">"
      "<zone id=\"a\" routing=\"Full\"></zone></platform>",
      SmallCatalog());
  EXPECT_THAT(std::string(platform.status().message()),
              HasSubstr("p.xml:2: <zone a>: holds no hosts"));
}

TEST(Read, DeepNestingIsNoCrash) {
  std::string xml =
      "<!DOCTYPE platform SYSTEM \"https://simgrid.org/simgrid.dtd\">\n<platform version=\"4.1\">";
  constexpr int kLevels = 200000;
  for (int i = 0; i < kLevels; ++i) xml += "<zone id=\"z\" routing=\"Full\">";
  for (int i = 0; i < kLevels; ++i) xml += "</zone>";
  const auto platform = ParsePlatform("p.xml", xml + "</platform>", SmallCatalog());
  EXPECT_THAT(std::string(platform.status().message()), HasSubstr("p.xml:2: elements are nested"));
}

TEST(Radical, RangesAndSingles) {
  EXPECT_THAT(*ParseRadical("0-3,7,10-11"), ElementsAre(0, 1, 2, 3, 7, 10, 11));
  EXPECT_FALSE(ParseRadical("0-3,3").ok());
  EXPECT_FALSE(ParseRadical("a").ok());
  EXPECT_FALSE(ParseRadical("-1").ok());
  EXPECT_FALSE(ParseRadical("1,,2").ok());
}

}  // namespace
}  // namespace fleetsim
