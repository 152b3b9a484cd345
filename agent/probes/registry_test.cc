#include "agent/probes/registry.h"

#include <gtest/gtest.h>

#include <set>

namespace parallax::probes {
namespace {

TEST(Registry, HasExactlyOneLineForEveryProbeOfTheContract) {
  const auto* spec = v1::ProbeSpec::descriptor()->FindOneofByName("spec");
  ASSERT_NE(spec, nullptr);
  EXPECT_EQ(static_cast<size_t>(spec->field_count()), AllProbes().size());
  for (int i = 0; i < spec->field_count(); ++i) {
    const auto kind = static_cast<v1::ProbeSpec::SpecCase>(spec->field(i)->number());
    const Probe* probe = FindProbe(kind);
    ASSERT_NE(probe, nullptr) << "no registry line for " << spec->field(i)->name();
    EXPECT_EQ(probe->name, spec->field(i)->name());
    EXPECT_NE(probe->validate, nullptr);
    EXPECT_NE(probe->run, nullptr);
  }
}

}  // namespace
}  // namespace parallax::probes
