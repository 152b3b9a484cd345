// The questions to a deployed health endpoint that stands in for an agent. Pure; thread-safe.
#ifndef PARALLAX_CONTROLLER_PLAN_HEALTH_H_
#define PARALLAX_CONTROLLER_PLAN_HEALTH_H_

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "controller/plan/planner.h"
#include "parallax/v1/plan.pb.h"
#include "parallax/v1/run.pb.h"

namespace parallax::plan {

// The endpoint of a vantage such as "https://api.example.com/health#/database/status=connected". InvalidArgument where
// the URL cannot be understood, and where it has a password in it, which would not be sent.
absl::StatusOr<v1::Target> ParseHealthUrl(std::string_view url);

// One request an attempt, as many attempts as the target gets; for the endpoint's own side alone. Redirects are not
// followed: a page to log in at says nothing about the database.
v1::Plan PlanHealth(const Options& options, const v1::Target& endpoint);

}  // namespace parallax::plan

#endif  // PARALLAX_CONTROLLER_PLAN_HEALTH_H_
