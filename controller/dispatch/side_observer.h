// What happens at the sides of a run, as it happens, and as values: whoever shows it makes the words.
#ifndef PARALLAX_CONTROLLER_DISPATCH_SIDE_OBSERVER_H_
#define PARALLAX_CONTROLLER_DISPATCH_SIDE_OBSERVER_H_

#include <cstddef>
#include <cstdint>
#include <string>

namespace parallax::dispatch {

// One attempt of one phase, which all sides are asked at once.
struct AttemptNumber {
  std::string phase;    // v1::Plan.phase
  uint32_t number = 0;  // from 1
  uint32_t of = 0;
};

// An answer, and how many there are by now.
struct ProbeAnswer {
  std::string side;
  std::string probe;
  AttemptNumber attempt;
  size_t answers = 0;   // of the phase so far, from all sides
  size_t expected = 0;  // of the whole phase, from all sides
};

// The calls come from the dispatcher's thread, which waits for them. Texts are printable and without secrets.
class SideObserver {
 public:
  virtual ~SideObserver() = default;

  virtual void SideStarts(const std::string& /*side*/, const std::string& /*vantage*/) {}
  virtual void SideIsReady(const std::string& /*side*/, const std::string& /*agent_version*/) {}
  virtual void SideIsMissing(const std::string& /*side*/, const std::string& /*reason*/) {}
  // A person is about to be asked something about this side, on the terminal.
  virtual void PersonIsAsked(const std::string& /*side*/) {}
  virtual void AgentIsCopied(const std::string& /*side*/) {}
  virtual void AttemptBegins(const AttemptNumber& /*attempt*/) {}
  virtual void ProbeIsAnswered(const ProbeAnswer& /*answer*/) {}
};

}  // namespace parallax::dispatch

#endif  // PARALLAX_CONTROLLER_DISPATCH_SIDE_OBSERVER_H_
