// Beside proto/contract/precompiled.h: what the tests read.
#include "gmock/gmock.h"
#include "gtest/gtest.h"
